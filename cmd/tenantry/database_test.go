package main_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/app"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

// aside returns an application that doesn't serve, for its fixtures and its direct access to the
// database.
func aside(engine store.Engine, databaseURL string) *apitest.App {
	return &apitest.App{
		App: &app.App{}, Engine: engine, Clock: &apitest.Clock{},
		Config: config.Config{DatabaseURL: config.NewSecret(databaseURL)},
	}
}

// newAdmin migrates a database and creates an admin with a tenant. Their password is
// apitest.Password.
func newAdmin(t testing.TB, engine store.Engine, databaseURL string) db.User {
	t.Helper()
	s, err := store.Open(t.Context(), databaseURL, store.Options{MaxConnections: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() // the program under test must be the only user of the database
	if _, err := s.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := aside(engine, databaseURL)
	a.Store = s
	return a.User(t, a.Tenant(t).ID, access.Admin)
}

// companiesInDatabase returns the ids of a tenant's companies, and those whose creation is in its
// audit trail, in one snapshot.
func companiesInDatabase(t testing.TB, engine store.Engine, databaseURL string, tenantID uuid.UUID) (companies, created map[string]int) {
	t.Helper()
	// A single statement reads one snapshot, even while the server still ends the transactions of a
	// killed client.
	rows, err := aside(engine, databaseURL).Database(t).QueryContext(t.Context(), `
		SELECT 'company', id FROM companies WHERE tenant_id = '`+tenantID.String()+`' UNION ALL
		SELECT 'created', entity_id FROM audit_entries WHERE tenant_id = '`+tenantID.String()+`' AND action = 'company.create'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	companies, created = map[string]int{}, map[string]int{}
	for rows.Next() {
		var kind, id string
		if err := rows.Scan(&kind, &id); err != nil {
			t.Fatal(err)
		}
		if kind == "company" {
			companies[id]++
		} else {
			created[id]++
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return companies, created
}

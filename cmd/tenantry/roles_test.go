package main_test

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/postgrestest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// TestRolesOfTheDocumentServe creates the roles of the document and serves with them.
func TestRolesOfTheDocumentServe(t *testing.T) {
	t.Parallel()
	const owner, app, backup = "tenantry_owner", "tenantry_app", "tenantry_backup"
	server := postgrestest.New(t)
	in := func(user, database string) string { return asUser(parseURL(t, server.URL("tenantry")), user, database) }
	as := func(user string) string { return in(user, "tenantry") }
	execute := func(databaseURL, script string) error {
		_, err := aside(store.Postgres, databaseURL).Database(t).ExecContext(t.Context(), script)
		return err
	}
	for statement := range strings.SplitSeq(strings.TrimSpace(block(t, "sql", "IN ROLE")), "\n") {
		server.Exec(statement)
	}
	home := newInstallation(t, "DATABASE_URL="+as(app), "MIGRATIONS_DATABASE_URL="+as(owner), "PASSWORD_RESET_URL=https://app.example.com/reset").inProduction()

	// The serving role can't migrate; the migrating role can.
	home.with("MIGRATIONS_DATABASE_URL=").run(1, "migrate", "up")
	home.run(0, "migrate", "up")
	home.run(0, "migrate", "status")
	if out := home.run(0, "doctor").stdout.String(); !strings.Contains(out, "row-level security holds for "+app) {
		t.Errorf("want row-level security to hold:\n%s", out)
	}
	home.withInput(operatorPassword).run(0, "superuser", "create", "--email", operator, "--password-stdin")
	p := home.with("AUTO_MIGRATE=true").serve()
	g := p.login(operator, operatorPassword)
	p.do(http.MethodPost, companiesPath+"?tenant_id="+access.PlatformTenantID.String(), `{"code":"KEPT","name":"Kept"}`, bearer(g.Access)).want(t, http.StatusCreated)
	if got := p.companies(g.Access); len(got) != 1 {
		t.Errorf("%d companies, want 1", len(got))
	}
	p.kill()

	// The document's block grants the same rights as the migration.
	if err := execute(as(owner), "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM tenantry_serving"); err != nil {
		t.Fatal(err)
	}
	if out := home.run(1, "doctor").stdout.String(); !strings.Contains(out, "permission denied") {
		t.Errorf("want a failure with its reason:\n%s", out)
	}
	for statement := range strings.SplitSeq(strings.TrimSpace(block(t, "sql", "ALTER DEFAULT PRIVILEGES")), "\n") {
		if err := execute(as(owner), statement); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	home.run(0, "doctor")

	// An installation without the role for searching creates it with another block.
	for _, statement := range []string{"REASSIGN OWNED BY tenantry_search TO " + owner, "DROP OWNED BY tenantry_search", "DROP ROLE tenantry_search"} {
		if err := execute(as("postgres"), statement); err != nil {
			t.Fatal(err)
		}
	}
	if out := home.run(0, "doctor").stdout.String(); !strings.Contains(out, "searches go through all rows") {
		t.Errorf("want a warning about searches without an index:\n%s", out)
	}
	if err := execute(as("postgres"), block(t, "sql", "CREATE POLICY")); err != nil {
		t.Fatal(err)
	}
	if out := home.run(0, "doctor").stdout.String(); !strings.Contains(out, "row-level security holds for "+app) {
		t.Errorf("want row-level security to hold again:\n%s", out)
	}

	// Row-level security applies to the owner, too, so only the backup role can dump all rows.
	storetest.RequireProgram(t, "pg_dump", "docs/operations.md")
	for user, want := range map[string]bool{owner: false, app: false, backup: true} {
		file := filepath.Join(home.dir, user+".sql")
		output, err := exec.Command("pg_dump", "--file="+file, as(user)).CombinedOutput()
		if (err == nil) != want || want && !strings.Contains(readFile(t, home, user+".sql"), "Kept") {
			t.Errorf("pg_dump as %s: %v; want success: %v\n%s", user, err, want, output)
		}
	}
	backupsByRole(t, home, in, execute)
	restoresByHand(t, home, in)
}

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

// TestRolesOfTheDocumentServe sets up a server as the document says, and uses it.
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

	// Who serves can't migrate, whoever migrates can.
	home.with("MIGRATIONS_DATABASE_URL=").run(1, "migrate", "up")
	home.run(0, "migrate", "up")
	home.run(0, "migrate", "status")
	if out := home.run(0, "doctor").stdout.String(); !strings.Contains(out, "row-level security holds for "+app) {
		t.Errorf("want a wall that stands:\n%s", out)
	}
	home.withInput(operatorPassword).run(0, "superuser", "create", "--email", operator, "--password-stdin")
	p := home.with("AUTO_MIGRATE=true").serve()
	g := p.login(operator, operatorPassword)
	p.do(http.MethodPost, companiesPath+"?tenant_id="+access.PlatformTenantID.String(), `{"code":"KEPT","name":"Kept"}`, bearer(g.Access)).want(t, http.StatusCreated)
	if got := p.companies(g.Access); len(got) != 1 {
		t.Errorf("%d companies, want the one", len(got))
	}
	p.kill()

	// What the migration gives, the document's block gives again.
	if err := execute(as(owner), "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM tenantry_serving"); err != nil {
		t.Fatal(err)
	}
	if out := home.run(1, "doctor").stdout.String(); !strings.Contains(out, "permission denied") {
		t.Errorf("want a failure that says what is wrong:\n%s", out)
	}
	for statement := range strings.SplitSeq(strings.TrimSpace(block(t, "sql", "ALTER DEFAULT PRIVILEGES")), "\n") {
		if err := execute(as(owner), statement); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	home.run(0, "doctor")

	// Who comes from before the role for searching gets it from another block.
	for _, statement := range []string{"REASSIGN OWNED BY tenantry_search TO " + owner, "DROP OWNED BY tenantry_search", "DROP ROLE tenantry_search"} {
		if err := execute(as("postgres"), statement); err != nil {
			t.Fatal(err)
		}
	}
	if out := home.run(0, "doctor").stdout.String(); !strings.Contains(out, "searches go through all rows") {
		t.Errorf("want a warning of searches without an index:\n%s", out)
	}
	if err := execute(as("postgres"), block(t, "sql", "CREATE POLICY")); err != nil {
		t.Fatal(err)
	}
	if out := home.run(0, "doctor").stdout.String(); !strings.Contains(out, "row-level security holds for "+app) {
		t.Errorf("want a wall that stands again:\n%s", out)
	}

	// The owner is forced, too, and so can't dump; who dumps gets all.
	storetest.RequireProgram(t, "pg_dump", "docs/operations.md")
	for user, want := range map[string]bool{owner: false, app: false, backup: true} {
		file := filepath.Join(home.dir, user+".sql")
		output, err := exec.Command("pg_dump", "--file="+file, as(user)).CombinedOutput()
		if (err == nil) != want || want && !strings.Contains(readFile(t, home, user+".sql"), "Kept") {
			t.Errorf("pg_dump as %s: %v; want it to work: %v\n%s", user, err, want, output)
		}
	}
	backupsByRole(t, home, in, execute)
	restoresByHand(t, home, in)
}

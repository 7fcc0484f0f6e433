package app_test

import (
	"bufio"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/app"
	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// superuser creates a superuser, and so an entry in the platform's trail.
func (i installation) superuser(t *testing.T) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("seven purple umbrellas"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := i.run("superuser", "create", "--email", "operator@example.com", "--password-file", file); status != 0 {
		t.Fatal(stderr)
	}
}

// wantWarning fails the test unless a check has a warning with this detail and fix.
func wantWarning(t *testing.T, c doctor.Check, detail, fix string) {
	t.Helper()
	if c.Result != doctor.Warning || !strings.Contains(c.Detail, detail) || !strings.Contains(c.Fix, fix) {
		t.Errorf("%+v, want a warning of %q, with the fix %q", c, detail, fix)
	}
}

// production returns the other settings that production needs, so that they cause no findings.
func production(env ...string) []string {
	return append([]string{"ENVIRONMENT=production", "ALLOW_SQLITE_IN_PRODUCTION=true", "PASSWORD_RESET_URL=https://app.example.com/reset"}, env...)
}

func TestDoctorReportsSilentProblems(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		i := newInstallation(t, engine)
		wantWarning(t, i.examine(t, 0, production()...)["accounts"], "nobody is a superuser", "tenantry superuser create")
		first := []string{"FIRST_SUPERUSER_EMAIL=operator@example.com", "FIRST_SUPERUSER_PASSWORD=seven purple umbrellas"}
		if c := i.examine(t, 0, production(first...)...)["accounts"]; c.Result != doctor.OK {
			t.Errorf("%+v before the first start, want ok", c)
		}
		i.superuser(t)
		wantWarning(t, i.examine(t, 0, production(first...)...)["accounts"], "FIRST_SUPERUSER_PASSWORD is still in the settings", "take it out")

		const another = "AUDIT_KEY=another-Jx2mQ8vT5yLw9ZrKc7HbPd3NsG6uEf"
		wantWarning(t, i.examine(t, 0, production(another)...)["audit"], "signed with a key that isn't set", "AUDIT_KEY_PREVIOUS")
		if c := i.examine(t, 0, production(another, "AUDIT_KEY_PREVIOUS="+secretKey)...)["audit"]; c.Result != doctor.OK {
			t.Errorf("%+v with the previous key, want ok", c)
		}

		i.user(t, access.PlatformTenantID, "info@xn--bcher-kva.example", "seven purple umbrellas")
		wantWarning(t, i.examine(t, 0, production()...)["accounts"], "e-mail addresses in a form that earlier versions stored", "PUT /api/v1/users/")

		if engine == store.SQLite {
			return // SQLite has no server
		}
		wantWarning(t, i.examine(t, 0, production("DATABASE_MAX_CONNECTIONS=1000")...)["connections"], map[store.Engine]string{store.Postgres: "one instance may open 1002", store.MySQL: "one instance may open 1001"}[engine], "DATABASE_MAX_CONNECTIONS")
		// The same server at an address that could be another machine.
		u, err := url.Parse(i.url)
		if err != nil {
			t.Fatal(err)
		}
		u.Host = "0.0.0.0:" + u.Port()
		fix := map[store.Engine]string{store.Postgres: "sslmode=verify-full", store.MySQL: "tls=true"}[engine]
		wantWarning(t, installation{url: u.String()}.examine(t, 0, production()...)["database"], "not encrypted", fix)
		if c := (installation{url: u.String()}).examine(t, 0)["database"]; c.Result != doctor.OK {
			t.Errorf("%+v in development, want ok", c)
		}
	})
}

func TestDoctorChecksTheSettings(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, store.SQLite)
	wantWarning(t, i.examine(t, 0)["settings"], "insecure values are accepted", "ENVIRONMENT=production")
	wantWarning(t, i.examine(t, 0, production("PASSWORD_RESET_URL=")...)["settings"], "PASSWORD_RESET_URL", "front end")
	wantWarning(t, i.examine(t, 0, production("SECRET_KEY_PREVIOUS=another-Jx2mQ8vT5yLw9ZrKc7HbPd3NsG6uEf")...)["settings"], "SECRET_KEY_PREVIOUS", "7 days after")
}

func TestDoctorChecksWhoMayReadTheSecrets(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, store.SQLite)
	file := filepath.Join(t.TempDir(), "audit_key")
	if err := os.WriteFile(file, []byte(secretKey), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, open := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true, 0o602: true} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		c := i.examine(t, 0, production("AUDIT_KEY_FILE="+file)...)["files"]
		if open {
			wantWarning(t, c, file, "chmod o= "+file)
		} else if c.Result != doctor.OK {
			t.Errorf("%+v with mode %04o, want ok", c, mode)
		}
	}
}

func TestDoctorFindsRedisThatRefusesToWriteWhenFull(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, store.SQLite)
	for policy, want := range map[string]doctor.Result{"noeviction": doctor.Warning, "allkeys-lru": doctor.OK} {
		server := redisServer(t, "--maxmemory", "64mb", "--maxmemory-policy", policy)
		c := i.examine(t, 0, production("REDIS_URL="+server)...)["redis"]
		if c.Result != want {
			t.Errorf("%+v with %s, want %s", c, policy, want)
		}
		if want == doctor.Warning {
			wantWarning(t, c, "64 MiB", "allkeys-lru")
		}
	}
}

// redisServer starts a Redis server with these settings and returns its URL. The server ends with
// the test.
func redisServer(t *testing.T, settings ...string) string {
	t.Helper()
	storetest.RedisURL(t) // skips or fails where Redis isn't tested
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("REDIS'S POLICIES ARE NOT TESTED: the program redis-server is not on this machine")
	}
	dir, err := os.MkdirTemp("", "redis") //nolint:usetesting // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "socket")
	cmd := exec.Command(program, append([]string{"--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir}, settings...)...)
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if strings.Contains(strings.ToLower(lines.Text()), "ready to accept connections") {
			return "unix://" + socket
		}
	}
	t.Fatal("redis-server ended before it was ready")
	return ""
}

func TestDoctorTestsRowLevelSecurity(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, store.Postgres)
	if c := i.examine(t, 0)["isolation"]; c.Result != doctor.OK || !strings.Contains(c.Detail, "holds for tenantry_serving") {
		t.Errorf("%+v, want ok for the role that the server switches to", c)
	}
	wantWarning(t, i.examine(t, 0, production()...)["isolation"], "could take it down", "IN ROLE tenantry_serving")
	for statement, want := range map[string]string{
		"ALTER TABLE users NO FORCE ROW LEVEL SECURITY":                                                                   "doesn't protect users",
		"ALTER TABLE companies DISABLE ROW LEVEL SECURITY":                                                                "doesn't protect companies",
		"DROP POLICY tenant_isolation ON sessions":                                                                        "doesn't protect sessions",
		"CREATE POLICY more ON branches USING (true)":                                                                     "doesn't protect branches",
		"DO $$ BEGIN DROP POLICY unscoped_reading ON users; CREATE POLICY unscoped_reading ON users USING (true); END $$": "doesn't protect users",
		"ALTER POLICY tenant_isolation ON audit_entries USING (true)":                                                     "sees rows of tenants",
		"CREATE OR REPLACE VIEW searchable_users AS SELECT * FROM users":                                                  "sees rows of tenants",
		"ALTER TABLE branches ADD COLUMN later text":                                                                      "lack a column of their table: searchable_branches",
		"DROP VIEW searchable_users":                                                                                      "don't exist or lack a column of their table: searchable_users",
	} {
		i := newInstallation(t, store.Postgres)
		i.superuser(t) // so that there are rows
		if _, err := apitest.OpenDatabase(t, store.Postgres, i.url).ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		if c := i.examine(t, 1)["isolation"]; c.Result != doctor.Failed || !strings.Contains(c.Detail, want) {
			t.Errorf("%s: %+v, want a failure with %q", statement, c, want)
		}
	}

	i = newInstallation(t, store.Postgres)
	owner := apitest.OpenDatabase(t, store.Postgres, i.url)
	serving := installation{url: storetest.ServingURL(t, i.url)}
	user := userOf(t, serving.url)
	if _, err := owner.ExecContext(t.Context(), "GRANT tenantry_search TO "+user); err != nil {
		t.Fatal(err)
	}
	if c := serving.examine(t, 1)["isolation"]; c.Result != doctor.Failed || !strings.Contains(c.Fix, "REVOKE tenantry_search FROM "+user) {
		t.Errorf("%+v, want a failure for a member of the search role", c)
	}
	if _, err := owner.ExecContext(t.Context(), "ALTER VIEW searchable_branches OWNER TO CURRENT_USER"); err != nil {
		t.Fatal(err)
	}
	wantWarning(t, i.examine(t, 0)["isolation"], "doesn't own searchable_branches", "docs/operations.md")
}

func userOf(t *testing.T, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return u.User.Username()
}

func TestDoctorFindsMissingIndexesAndWrongFiles(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		i := newInstallation(t, engine)
		if c := i.examine(t, 0)["indexes"]; c.Result != doctor.OK {
			t.Errorf("%+v of a new schema, want ok", c)
		}
		drop := "DROP INDEX users_tenant_id_name_key_idx"
		if engine == store.MySQL {
			drop += " ON users"
		}
		i.execf(t, "%s", drop)
		wantWarning(t, i.examine(t, 0)["indexes"], "users_tenant_id_name_key_idx is missing", "_create_users.sql")
		switch engine {
		case store.Postgres:
			i.execf(t, "CREATE INDEX users_tenant_id_name_key_idx ON users (tenant_id, name_key, id)")
			i.execf(t, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'users_search_text_idx'::regclass")
			wantWarning(t, i.examine(t, 0)["indexes"], "users_search_text_idx is invalid", "REINDEX INDEX CONCURRENTLY users_search_text_idx")
			i.execf(t, "ALTER INDEX users_search_text_idx RENAME TO users_search_text_idx_ccold")
			i.execf(t, "CREATE INDEX users_search_text_idx ON users (full_name)")
			wantWarning(t, i.examine(t, 0)["indexes"], "users_search_text_idx_ccold is invalid", "DROP INDEX CONCURRENTLY users_search_text_idx_ccold")
		case store.SQLite:
			file, _ := store.SQLiteFile(i.url)
			if c := i.examine(t, 0)["files"]; c.Result != doctor.OK {
				t.Errorf("%+v of a new database, want ok", c)
			}
			if err := os.Chmod(file, 0o644); err != nil {
				t.Fatal(err)
			}
			wantWarning(t, i.examine(t, 0)["files"], file+" may hold what the tenants have stored", "chmod o= "+file)
		case store.MySQL:
		}
	})
}

func TestDoctorFindsAnUndeclaredProxy(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		a := apitest.New(t, engine)
		i := installation{url: a.Config.DatabaseURL.Reveal()}
		a.Actor(t, access.Admin)
		a.Actor(t, access.Admin)
		wantOK := func(when string, env ...string) {
			t.Helper()
			if c := i.examine(t, 0, env...)["clients"]; c.Result != doctor.OK {
				t.Errorf("%+v %s, want ok", c, when)
			}
		}
		wantOK("of two people", production()...)
		someone := a.Actor(t, access.Admin)
		wantWarning(t, i.examine(t, 0, production()...)["clients"], "127.0.0.1", "TRUSTED_PROXIES")
		wantOK("in development")
		wantOK("of a proxy that is declared", production("TRUSTED_PROXIES=127.0.0.0/8")...)
		a.Exec(t, "UPDATE audit_entries SET ip = '203.0.113.9' WHERE actor_id = '"+someone.User.ID.String()+"'")
		wantOK("of people with two addresses", production()...)
		a.Exec(t, "UPDATE audit_entries SET ip = '203.0.113.9'")
		wantOK("of people behind a public address", production()...)
	})
}

func TestDoctorFindsDepartmentCycles(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		i := newInstallation(t, engine)
		i.superuser(t) // a missing superuser would be a finding
		a := &apitest.App{App: &app.App{Store: storetest.Open(t, i.url)}, Engine: engine, Clock: &apitest.Clock{}}
		tenant := a.Tenant(t)
		company := a.Company(t, tenant.ID)
		above := a.Department(t, company)
		below := a.Department(t, company, func(d *db.Department) { d.ParentID = &above.ID })
		if c := i.examine(t, 0)["departments"]; c.Result != doctor.OK {
			t.Errorf("%+v, want ok for a department below another one", c)
		}
		rows, err := a.Store.UpdateDepartment(t.Context(), db.UpdateDepartmentParams{
			TenantID: above.TenantID, ID: above.ID, Version: above.Version, ParentID: &below.ID, Code: above.Code, Name: above.Name, UpdatedAt: above.UpdatedAt,
		})
		if err != nil || rows != 1 {
			t.Fatalf("%d rows, error %v", rows, err)
		}
		wantWarning(t, i.examine(t, 0)["departments"], tenant.Code+" are below themselves: "+above.Code, "another parent")
	})
}

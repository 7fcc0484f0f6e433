package app_test

import (
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func TestMigrationsOfAnotherDatabaseAreRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		i, other := newInstallation(t, engine), storetest.NewMigratedURL(t, engine)
		elsewhere := "MIGRATIONS_DATABASE_URL=" + other
		if c := i.examine(t, 1, elsewhere)["schema"]; c.Result != doctor.Failed || !strings.Contains(c.Detail, "another database") {
			t.Errorf("%+v, want a failure that names another database", c)
		}
		for _, command := range []string{"serve", "migrate up", "migrate down"} {
			for _, auto := range []string{"AUTO_MIGRATE=true", "AUTO_MIGRATE=false"} {
				status, stdout, stderr := i.with(elsewhere, auto, "HTTP_ADDR=127.0.0.1:0").run(strings.Fields(command)...)
				if status != 1 || !strings.Contains(stderr, "MIGRATIONS_DATABASE_URL leads to another database") {
					t.Errorf("%s with %s: status %d: %s%s", command, auto, status, stdout, stderr)
				}
			}
		}
		// The same database under another address.
		same := i.url
		if engine != store.SQLite {
			same = strings.Replace(same, "127.0.0.1", "localhost", 1)
		}
		if c := i.examine(t, 0, "MIGRATIONS_DATABASE_URL="+same)["schema"]; c.Result != doctor.OK {
			t.Errorf("%+v with the same database, want ok", c)
		}
		if status, _, stderr := i.with("MIGRATIONS_DATABASE_URL="+same).run("migrate", "up"); status != 0 {
			t.Errorf("status %d with the same database: %s", status, stderr)
		}
		if engine == store.Postgres {
			if status, _, stderr := i.with("MIGRATIONS_DATABASE_URL="+same+"&search_path=pg_catalog").run("migrate", "up"); status != 1 || !strings.Contains(stderr, "another schema") {
				t.Errorf("status %d with another schema: %s", status, stderr)
			}
		}
	})
}

// After a restore the tables may belong to the role that restored them.
func TestDoctorChecksTheOwnerOfTheTables(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, store.Postgres)
	serving := storetest.ServingURL(t, i.url)
	if c := (installation{url: serving}).examine(t, 0, "MIGRATIONS_DATABASE_URL="+i.url)["schema"]; c.Result != doctor.OK {
		t.Errorf("%+v with the owner, want ok", c)
	}
	// Another user may migrate, but owns nothing.
	wrong := storetest.ServingURL(t, i.url)
	c := (installation{url: serving}).examine(t, 0, "MIGRATIONS_DATABASE_URL="+wrong)["schema"]
	wantWarning(t, doctor.Check{Result: doctor.Warning, Detail: c.Detail, Fix: c.Fix}, "the user of MIGRATIONS_DATABASE_URL doesn't own", "OWNER TO")
	c = (installation{url: serving}).examine(t, 0, "AUTO_MIGRATE=true")["schema"]
	wantWarning(t, doctor.Check{Result: doctor.Warning, Detail: c.Detail, Fix: c.Fix}, "the user of DATABASE_URL doesn't own", "OWNER TO")
}

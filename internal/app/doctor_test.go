package app_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// examine runs the doctor and returns the checks by name.
func (i installation) examine(t *testing.T, wantStatus int, env ...string) map[string]doctor.Check {
	t.Helper()
	status, stdout, stderr := i.with(env...).run("doctor", "--json")
	var report struct {
		Result doctor.Result
		Checks []doctor.Check
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || status != wantStatus {
		t.Fatalf("status %d, want %d: %v\n%s%s", status, wantStatus, err, stdout, stderr)
	}
	if (report.Result == doctor.Failed) != (status != 0) {
		t.Errorf("result %s with status %d", report.Result, status)
	}
	byName := map[string]doctor.Check{}
	for _, c := range report.Checks {
		if before, twice := byName[c.Name]; twice {
			c.Detail, c.Fix = before.Detail+"\n"+c.Detail, before.Fix+"\n"+c.Fix
		}
		byName[c.Name] = c
		if c.Result != doctor.OK && c.Result != doctor.Skipped && c.Fix == "" {
			t.Errorf("%+v has no fix", c)
		}
	}
	return byName
}

// parts are the doctor's checks.
var parts = []string{"settings", "files", "database", "connections", "cluster", "schema", "indexes", "clock", "isolation", "accounts", "audit", "clients", "departments", "redis"}

func TestDoctor(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		i := newInstallation(t, engine)
		owner := i
		if engine == store.Postgres {
			i.url = storetest.ServingURL(t, i.url) // serving as the owner of the tables is a warning
		}
		production := []string{"ENVIRONMENT=production", "ALLOW_SQLITE_IN_PRODUCTION=true", "PASSWORD_RESET_URL=https://app.example.com/reset"}
		i.superuser(t)

		// Without findings there is no advice.
		healthy := i.examine(t, 0, append(production, "REDIS_URL="+storetest.RedisURL(t))...)
		if len(healthy) != len(parts) {
			t.Errorf("%d checks, want %d", len(healthy), len(parts))
		}
		for _, name := range parts {
			if healthy[name].Result != doctor.OK {
				t.Errorf("%+v, want ok", healthy[name])
			}
		}
		_, stdout, _ := i.with(production...).run("doctor")
		if strings.Count(stdout, "\n") != len(parts) || strings.Contains(stdout, "->") {
			t.Errorf("want a line for each check, without advice:\n%s", stdout)
		}

		// An unreachable Redis is only a warning.
		if c := i.examine(t, 0, append(production, "REDIS_URL=redis://:hunter2@127.0.0.1:1/0")...)["redis"]; c.Result != doctor.Warning || strings.Contains(c.Detail, "hunter2") {
			t.Errorf("%+v, want a warning without the password", c)
		}

		// Demo accounts are a failure in production.
		if status, _, stderr := i.with("BCRYPT_COST=4").run("seed", "--scale", "small", "--scenario", "tech-startup"); status != 0 {
			t.Fatal(stderr)
		}
		if c := i.examine(t, 0)["accounts"]; c.Result != doctor.OK {
			t.Errorf("%+v in development, want ok", c)
		}
		if c := i.examine(t, 1, production...)["accounts"]; c.Result != doctor.Failed || !strings.Contains(c.Detail, "ceo@techstart.com") {
			t.Errorf("%+v in production, want failed", c)
		}

		// An old schema is a failure.
		if _, err := i.store.MigrateDown(t.Context()); err != nil {
			t.Fatal(err)
		}
		behind := owner.examine(t, 1, production...)
		if c := behind["schema"]; c.Result != doctor.Failed || c.Fix != "run: tenantry migrate up" || behind["accounts"].Result != doctor.Skipped {
			t.Errorf("%+v, want a schema that failed and accounts skipped", behind)
		}
	})
}

func TestDoctorNamesEveryWrongSetting(t *testing.T) {
	t.Parallel()
	i := installation{url: "oracle://x"}
	status, stdout, stderr := i.with([]string{"ENVIRONMENT=production", "LOG_LEVEL=loud", "SECRET_KEY=short"}...).run("doctor")
	if status != 2 {
		t.Errorf("status %d, want 2", status)
	}
	for _, name := range []string{"DATABASE_URL", "LOG_LEVEL", "SECRET_KEY"} {
		if !strings.Contains(stdout, name) || !strings.Contains(stderr, name) {
			t.Errorf("%s isn't named:\n%s%s", name, stdout, stderr)
		}
	}
	if got := strings.Count("\n"+stdout, "\nfailed "); got != 3 {
		t.Errorf("%d checks failed, want 3:\n%s", got, stdout)
	}
}

func TestDoctorReportsAnUnreachableDatabase(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"postgres://app:hunter2@127.0.0.1:1/x", "mysql://app:hunter2@127.0.0.1:1/x"} {
		checks := installation{url: url}.examine(t, 1)
		if c := checks["database"]; c.Result != doctor.Failed || strings.Contains(c.Detail, "hunter2") || checks["schema"].Result != doctor.Skipped {
			t.Errorf("%+v, want failed without the password", checks)
		}
	}
}

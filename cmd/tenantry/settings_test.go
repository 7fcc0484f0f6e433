package main_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// predecessor returns an installation whose only settings are the predecessor's file, with another
// secret, database and port, so that tests can run in parallel.
func predecessor(t *testing.T, databaseURL string, changes ...string) *installation {
	t.Helper()
	content, err := os.ReadFile("testdata/predecessor.env")
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.NewReplacer(append([]string{
		"your-super-secret-key-change-this-in-production", secretKey,
		"postgresql+psycopg2://postgres:password@localhost:5432/tenants", "postgresql+psycopg2" + strings.TrimPrefix(databaseURL, "postgres"),
	}, changes...)...).Replace(string(content))
	home := &installation{t: t, dir: t.TempDir(), secrets: &secrets{}}
	home.secrets.addSetting("SECRET_KEY=" + secretKey)
	home.secrets.addSetting("DATABASE_URL=" + databaseURL)
	writeFile(t, filepath.Join(home.dir, ".env"), settings)
	return home.with("HTTP_ADDR=127.0.0.1:0")
}

func TestServerStartsWithThePredecessorsSettings(t *testing.T) {
	t.Parallel()
	t.Run("development", func(t *testing.T) {
		t.Parallel()
		p := predecessor(t, storetest.NewURL(t, store.Postgres)).serve("--demo=small")
		p.login("ceo@techstart.com", "password123")
		info := p.do(http.MethodGet, "/api/system/info", "").want(t, http.StatusOK)
		if !strings.Contains(info.body, `"name":"Multi-Tenant API"`) || !strings.Contains(info.body, `"redis":true`) {
			t.Errorf("the settings have no effect: %s", info.body)
		}
		reply := p.do(http.MethodGet, "/api/healthz", "", header{"Origin", "http://localhost:5173"})
		if got := reply.header.Get("Access-Control-Allow-Origin"); got != "http://localhost:5173" {
			t.Errorf("Access-Control-Allow-Origin %q, want http://localhost:5173", got)
		}
	})
	t.Run("production", func(t *testing.T) {
		t.Parallel()
		databaseURL := storetest.NewURL(t, store.Postgres)
		// The unchanged file has a public secret, and DEBUG is on.
		careless := predecessor(t, databaseURL, "ENVIRONMENT=development", "ENVIRONMENT=production", secretKey, "your-super-secret-key-change-this-in-production")
		careless.with("SECRET_KEY=your-super-secret-key-change-this-in-production").run(2, "serve").
			wantError("2 settings need your attention", "DEBUG", "must be false in production", "SECRET_KEY", "must be your own")

		home := predecessor(t, databaseURL, "ENVIRONMENT=development", "ENVIRONMENT=production", "DEBUG=True", "DEBUG=False")
		home.run(1, "serve").wantError("run `tenantry migrate up`")
		home.run(0, "migrate", "up")
		home.serve().do(http.MethodGet, "/api/health", "").want(t, http.StatusOK)
	})
}

func TestProductionNamesSixWrongSettingsAtOnce(t *testing.T) {
	t.Parallel()
	wrong := []string{
		"SECRET_KEY=change-me-change-me-change-me-change-me", "ALLOWED_ORIGINS=*", "DATABASE_URL=sqlite:///data/tenantry.db",
		"ACCESS_TOKEN_EXPIRE_MIN=never", "REDIS_URL=http://:hunter2-redis@cache", "FIRST_SUPERUSER_PASSWORD=hunter2",
		"FIRST_SUPERUSER_EMAIL=operator@example.com",
	}
	p := newInstallation(t, append([]string{"ENVIRONMENT=production", "BCRYPT_COST=10"}, wrong...)...).run(2, "serve")
	p.wantError("6 settings need your attention")
	for _, entry := range wrong[:6] {
		name, _, _ := strings.Cut(entry, "=")
		if found := regexp.MustCompile(`(?m)^  `+name+` +\S`).FindAllString(p.stderr.String(), -1); len(found) != 1 {
			t.Errorf("%s is named %d times in the message, want once:\n%s", name, len(found), p.stderr.String())
		}
	}
}

func TestDoctorIsGreenWithTheRightSettings(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		home := newInstallation(t, "DATABASE_URL="+databaseURL, "REDIS_URL="+storetest.RedisURL(t),
			"PASSWORD_RESET_URL=https://app.example.com/reset", "AUDIT_KEY=another-Jx2mQ8vT5yLw9ZrKc7HbPd3NsG6uEf").inProduction()
		home.run(0, "migrate", "up")
		if engine == store.Postgres {
			home = home.with("DATABASE_URL="+storetest.ServingURL(t, databaseURL), "MIGRATIONS_DATABASE_URL="+databaseURL)
		}
		home.withInput(operatorPassword).run(0, "superuser", "create", "--email", operator, "--password-stdin")
		p := home.run(0, "doctor", "--json")
		report := decode[struct {
			Checks []struct{ Name, Result, Detail, Fix string }
		}](t, reply{body: p.stdout.String()})
		if len(report.Checks) < 6 {
			t.Errorf("only %d checks: %s", len(report.Checks), p)
		}
		for _, c := range report.Checks {
			if c.Result != "ok" || c.Fix != "" {
				line, _ := json.Marshal(c)
				t.Errorf("want everything ok, but %s", line)
			}
		}
	})
}

func TestMisspeltSettingsInTheFileAreReported(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, "DATABASE_URL=sqlite:///tenantry.db")
	writeFile(t, filepath.Join(home.dir, ".env"), "AUDIT_KEYS=hunter2\nPOSTGRES_PASSWORD=x\n")
	p := home.serve()
	p.await(&p.stderr, regexp.MustCompile(`AUDIT_KEYS.*AUDIT_KEY`))
	if strings.Contains(p.stderr.String(), "hunter2") || strings.Contains(p.stderr.String(), "POSTGRES") {
		t.Errorf("want only the misspelt name: %s", p)
	}
}

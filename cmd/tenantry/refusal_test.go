package main_test

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/seed"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func TestProductionRefusesAnotherSchema(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		home := newInstallation(t, "DATABASE_URL="+databaseURL)
		behind := func() {
			t.Helper()
			p := home.inProduction().run(1, "serve")
			p.wantError("this program needs", "run `tenantry migrate up`", "AUTO_MIGRATE=true")
			if strings.Contains(p.stdout.String(), "ready") {
				t.Errorf("the server reports that it is ready: %s", p.stdout.String())
			}
		}
		behind()
		home.run(0, "migrate", "up")
		home.run(0, "migrate", "down")
		behind()

		admin := newAdmin(t, engine, databaseURL)
		p := home.inProduction().serve()
		p.login(admin.Email, apitest.Password)
		p.kill()

		aside(engine, databaseURL).Exec(t, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
		home.inProduction().run(1, "serve").wantError("schema version 99999", "start a newer program")
	})
}

func TestProductionMigratesWithAutoMigrate(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, "DATABASE_URL=sqlite:///tenantry.db", "AUTO_MIGRATE=true").inProduction()
	home.serve().do(http.MethodGet, "/api/health", "").want(t, http.StatusOK)
}

func TestDemoDataIsForDevelopment(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		home := newInstallation(t, "DATABASE_URL="+storetest.NewURL(t, engine))
		home.run(0, "migrate", "up")
		for _, environment := range []string{"staging", "production"} {
			strict := home.inProduction().with("ENVIRONMENT=" + environment)
			strict.run(1, "seed").wantError("for development only", "ENVIRONMENT is "+environment)
			strict.run(1, "serve", "--demo").wantError("works in development only", "ENVIRONMENT is "+environment)
		}
		home.inProduction().serve().kill() // no demo data was loaded

		home.run(0, "seed", "--scenario", "tech-startup")
		for _, environment := range []string{"staging", "production"} {
			home.inProduction().with("ENVIRONMENT="+environment).run(1, "serve").
				wantError("demo accounts", "ceo@techstart.com", "superadmin@system.com", "Use another database")
		}
	})
}

// A tenant's admin may create a user with the address of a demo account. Such a user isn't a demo
// account, and the server starts.
func TestUsersWithDemoAddressesDoNotPreventTheStart(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		home := newInstallation(t, "DATABASE_URL="+databaseURL)
		admin := newAdmin(t, engine, databaseURL)
		p := home.inProduction().serve()
		by := bearer(p.login(admin.Email, apitest.Password).Access)
		for _, login := range seed.Logins() {
			p.do(http.MethodPost, "/api/v1/users", `{"email":"`+login.Email+`","full_name":"X","role":"admin"}`, by).want(t, http.StatusCreated)
		}
		p.kill()
		home.inProduction().serve().kill()
		if got := home.inProduction().run(0, "doctor").String(); strings.Contains(got, "everybody knows") {
			t.Errorf("the doctor reports users of a tenant as demo accounts:\n%s", got)
		}
	})
}

func TestAllWrongSettingsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, "ENVIRONMENT=production", "SECRET_KEY=hunter2-is-too-short", "BCRYPT_COST=99", "HTTP_ADDR=8000",
		"DATABASE_URL=oracle://app:hunter2-password@db/x", "REDIS_URL=http://:hunter2-redis@cache")
	for _, command := range []string{"serve", "seed", "migrate up", "migrate version"} {
		p := home.run(2, strings.Fields(command)...)
		p.wantError("5 settings need your attention", "SECRET_KEY", "BCRYPT_COST", "HTTP_ADDR", "DATABASE_URL", "REDIS_URL")
	}
	entries, err := os.ReadDir(home.dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("the program left files: %v, %v", entries, err)
	}
}

func TestWrongArgumentsAreUsageErrors(t *testing.T) {
	t.Parallel()
	home := newInstallation(t)
	for arguments, message := range map[string]string{
		"sevre":            `unknown command "sevre"`,
		"serve now":        `unknown command (not shown) for "tenantry serve"`,
		"serve --dmeo":     `unknown flag: --dmeo`,
		"migrate upp":      `unknown command "upp"`,
		"migrate down all": `unknown command (not shown) for "tenantry migrate down"`,
		"seed --seed=x":    `invalid argument (not shown) for "--seed"`,
	} {
		home.run(2, strings.Fields(arguments)...).wantError(message)
	}
	if p := home.run(0); !strings.Contains(p.stdout.String(), "Usage:") {
		t.Errorf("the output without arguments doesn't list the commands:\n%s", p)
	}
	if p := home.run(0, "version"); !strings.HasPrefix(p.stdout.String(), "tenantry 0.") {
		t.Errorf("the output lacks the version:\n%s", p)
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := listener.Addr().String()
	newInstallation(t, "HTTP_ADDR="+address).run(1, "serve").
		wantError("something else listens at "+address+" already", "HTTP_ADDR=:8001")
}

func TestUnreachableDatabase(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.Postgres, store.MySQL} {
		for name, change := range map[string]func(*url.URL){
			"no such database": func(u *url.URL) { u.Path += "_missing" },
			"wrong password":   func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "hunter2-%/ wrong") },
			"no such user":     func(u *url.URL) { u.User = url.UserPassword("nobody-here", "hunter2-nobody") },
			"no server":        func(u *url.URL) { u.Host = "127.0.0.1:1" },
		} {
			t.Run(string(engine)+"/"+name, func(t *testing.T) {
				t.Parallel()
				u, err := url.Parse(storetest.NewURL(t, engine))
				if err != nil {
					t.Fatal(err)
				}
				change(u)
				wantRefused(t, u.String(), "connect to "+string(engine)+" database")
			})
		}
	}
	t.Run("sqlite/folder is a file", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, "sqlite:///"+file+"/tenantry.db", "open sqlite database")
	})
	t.Run("sqlite/file is something else", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, "sqlite:///"+file, "connect to sqlite database")
	})
}

// wantRefused runs all commands. Each has to fail and to report the unreachable database in one
// line.
func wantRefused(t *testing.T, databaseURL, message string) {
	t.Helper()
	home := newInstallation(t, "DATABASE_URL="+databaseURL)
	for _, command := range []string{"serve", "migrate up"} {
		p := home.run(1, strings.Fields(command)...)
		p.wantError("tenantry: ", message)
		if lines := strings.Count(p.stderr.String(), "\n"); lines != 1 {
			t.Errorf("%d lines on stderr, want 1: %s", lines, p.stderr.String())
		}
	}
}

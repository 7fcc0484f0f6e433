package main_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// shell runs a block of the document in the installation's folder.
func (i *installation) shell(script string, env ...string) {
	i.t.Helper()
	for _, program := range regexp.MustCompile(`(?m)^(?:pg_dump|mariadb-dump|sqlite3)`).FindAllString(script, -1) {
		storetest.RequireProgram(i.t, program, "docs/operations.md")
	}
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = i.dir, append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + i.dir}, env...)
	if output, err := cmd.CombinedOutput(); err != nil {
		i.t.Fatalf("%v\n%s\n%s", err, script, output)
	}
}

// access configures the clients of an engine as the document says, and returns environment
// variables for them.
func (i *installation) access(t *testing.T, engine store.Engine, u *url.URL) []string {
	t.Helper()
	password, _ := u.User.Password()
	if engine == store.Postgres {
		return []string{"PGHOST=" + u.Hostname(), "PGPORT=" + u.Port(), "PGUSER=" + u.User.Username(), "PGPASSWORD=" + password}
	}
	writeFile(t, filepath.Join(i.dir, ".my.cnf"), fmt.Sprintf("[client]\nprotocol=tcp\nhost=%s\nport=%s\nuser=%s\npassword=\"%s\"\n",
		u.Hostname(), u.Port(), u.User.Username(), password))
	return nil
}

func TestBackupsOfTheDocumentCanBeRestored(t *testing.T) {
	t.Parallel()
	programs := map[store.Engine]string{store.Postgres: "pg_dump", store.MySQL: "mariadb-dump"}
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL, restoredURL := storetest.NewURL(t, engine), storetest.NewURL(t, engine)
		home := newInstallation(t)
		if engine == store.SQLite {
			databaseURL = "sqlite:///" + home.dir + "/data/tenantry.db"
			restoredURL = databaseURL
		}
		home = home.with("DATABASE_URL=" + databaseURL)
		admin := newAdmin(t, engine, databaseURL)
		server := home.serve()
		g := server.login(admin.Email, apitest.Password)
		server.do(http.MethodPost, companiesPath, `{"code":"KEPT","name":"Ünïcode 🧭 'quoted'"}`, bearer(g.Access)).want(t, http.StatusCreated)

		if engine == store.SQLite {
			home.shell(block(t, "sh", "VACUUM INTO"))
			server.do(http.MethodPost, companiesPath, `{"code":"LATER","name":"Later"}`, bearer(g.Access)).want(t, http.StatusCreated)
			server.kill() // it leaves its journal
			home.shell(block(t, "sh", "cp backup.db"))
			if info, err := os.Stat(filepath.Join(home.dir, "backup.db")); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v; want a backup that only its owner can read", info, err)
			}
		} else {
			from, to := parseURL(t, databaseURL), parseURL(t, restoredURL)
			name := strings.TrimPrefix(to.Path, "/")
			aside(engine, databaseURL).Exec(t, "DROP DATABASE "+name) // the document creates it
			script := strings.NewReplacer("tenantry_restored", name, "tenantry_owner", from.User.Username(), " tenantry\n", " "+strings.TrimPrefix(from.Path, "/")+"\n",
				" tenantry >", " "+strings.TrimPrefix(from.Path, "/")+" >").Replace(block(t, "sh", programs[engine]))
			home.shell(script, home.access(t, engine, from)...)
			server.kill()
		}

		restored := home.with("DATABASE_URL=" + restoredURL)
		restored.run(0, "doctor")
		restored.run(0, "audit", "verify")
		server = restored.serve()
		var codes []string
		for _, c := range server.companies(g.Access) { // the session from before the backup works
			codes = append(codes, c.Code)
		}
		if got := strings.Join(codes, " "); got != "KEPT" {
			t.Errorf("the companies are %q, want KEPT", got)
		}
		aside(engine, restoredURL).Exec(t, block(t, "sql", "DELETE FROM sessions"))
		server.mustSoonRefuse(http.MethodGet, mePath, "", g.Access, http.StatusUnauthorized, "session_ended")
		server.login(admin.Email, apitest.Password)
	})
}

func parseURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/seed"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// A new reader starts like this: without settings, database or data.
func TestDemoStartsInAnEmptyFolder(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, "SECRET_KEY=")
	p := home.serve("--demo")
	command := p.await(&p.stdout, regexp.MustCompile(`(?m)^  Try +curl -s (http://\S+) -H '([^:]+): ([^']+)' -d '([^']+)'$`))
	home.secrets.add(strings.TrimSpace(readFile(t, home, "data/secret.key")))
	for _, name := range []string{"data/tenantry.db", "data/secret.key"} {
		info, err := os.Stat(filepath.Join(home.dir, name))
		if err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "data/secret.key" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %04o, want 0600", name, info.Mode().Perm())
		}
	}
	for _, text := range []string{"Tenantry 0.", "Log in as   ceo@techstart.com, password password123"} {
		if !strings.Contains(p.stdout.String(), text) {
			t.Errorf("the greeting lacks %q: %s", text, p.stdout.String())
		}
	}

	path, found := strings.CutPrefix(command[1], p.url)
	if !found {
		t.Fatalf("the curl command goes to %s, but the server is at %s", command[1], p.url)
	}
	g := decode[grant](t, p.do(http.MethodPost, path, command[4], header{command[2], command[3]}).want(t, http.StatusOK))
	home.secrets.add(g.Access, g.Refresh)
	var codes []string
	for _, c := range p.companies(g.Access) {
		codes = append(codes, c.Code)
	}
	if got, want := strings.Join(codes, " "), "TECHSTART-HQ TECHSTART-LABS TECHSTART-EU"; got != want {
		t.Errorf("the companies are %s, want %s", got, want)
	}
	p.login(seed.SuperuserEmail, seed.SuperuserPassword)
	p.kill()

	again := home.serve("--demo")
	again.do(http.MethodGet, mePath, "", bearer(g.Access)).want(t, http.StatusOK)
	if n := len(again.companies(g.Access)); n != len(codes) {
		t.Errorf("%d companies after a second start with --demo, want %d", n, len(codes))
	}
}

func TestDemoDoesNotChangeADatabaseWithUsers(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewURL(t, store.SQLite)
	admin := newAdmin(t, store.SQLite, databaseURL)
	p := newInstallation(t, "DATABASE_URL="+databaseURL).serve("--demo=small")
	p.login(admin.Email, apitest.Password)
	for email, password := range map[string]string{"ceo@techstart.com": seed.Password, seed.SuperuserEmail: seed.SuperuserPassword} {
		p.do(http.MethodPost, loginPath, loginBody(email, password)).wantProblem(t, http.StatusUnauthorized, "invalid_credentials")
	}
}

func readFile(t *testing.T, home *installation, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(home.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

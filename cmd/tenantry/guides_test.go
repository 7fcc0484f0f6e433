package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// newGuide returns a guide that is read in an empty folder.
func newGuide(t *testing.T, file string) *guide {
	t.Helper()
	home := &installation{t: t, dir: t.TempDir(), secrets: &secrets{}}
	return &guide{installation: home.with("HTTP_ADDR=127.0.0.1:0", "BCRYPT_COST=4"), file: file}
}

func TestQuickstart(t *testing.T) {
	t.Parallel()
	g := newGuide(t, "docs/quickstart.md")
	g.installation = g.with(cloneFrom(t)...)
	g.run()
}

// cloneFrom makes git clone get a copy of this source from the address of the documents.
func cloneFrom(t *testing.T) []string {
	t.Helper()
	requireProgram(t, "git", "the guides")
	source := sourceCopy(t)
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"add", "--all"},
		{"-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "Copy"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir = source
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, output)
		}
	}
	return []string{
		"GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=url." + source + ".insteadOf", "GIT_CONFIG_VALUE_0=https://github.com/tenantry/tenantry.git",
	}
}

// onDemo is the guide while a server with the demo data runs.
func (g *guide) onDemo() *guide {
	g.t.Helper()
	g.reach(g.serve("--demo"))
	return g
}

func TestGuideForIntegrators(t *testing.T) {
	t.Parallel()
	newGuide(t, "docs/integrators.md").onDemo().run()
}

// TestGuideForThePredecessorsUsers runs in a folder with the predecessor's own settings.
func TestGuideForThePredecessorsUsers(t *testing.T) {
	t.Parallel()
	requireProgram(t, "psql", "docs/migration.md")
	u := parseURL(t, storetest.NewURL(t, store.Postgres))
	server, name := u.User.String()+"@"+u.Host, strings.TrimPrefix(u.Path, "/")
	aside(store.Postgres, storetest.NewURL(t, store.Postgres)).Exec(t, "DROP DATABASE "+name) // the guide makes it

	g := newGuide(t, "docs/migration.md")
	settings := strings.Replace(readSource(t, "cmd/tenantry/testdata/predecessor.env"), "postgres:password@localhost:5432", server, 1)
	writeFile(t, filepath.Join(g.dir, ".env"), settings)
	g.installation = g.with(g.access(t, store.Postgres, u)...)
	g.replace = []string{
		"createdb tenantry", "createdb " + name, ",/tenantry,", ",/" + name + ",",
		"postgresql://postgres:password@localhost:5432/tenantry", u.String(),
	}
	g.run()
}

func TestGuideToTheDemoData(t *testing.T) {
	t.Parallel()
	newGuide(t, "docs/seed-data.md").run()
}

func TestGoClient(t *testing.T) {
	t.Parallel()
	g := newGuide(t, "docs/go-client.md")
	source, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(source, filepath.Join(g.dir, "tenantry")); err != nil {
		t.Fatal(err)
	}
	g.onDemo().run()
}

// TestAddAnEndpoint follows the guide in a copy of the source. There are no servers there: it tests on SQLite.
func TestAddAnEndpoint(t *testing.T) {
	t.Parallel()
	g := newGuide(t, "docs/add-an-endpoint.md")
	g.dir = sourceCopy(t)
	migrations, err := filepath.Glob("../../sql/migrations/sqlite/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	g.replace = []string{"00015_", fmt.Sprintf("%05d_", len(migrations)+1)}
	g.run()
}

// TestReadme builds in a copy of the source, and runs what it says for production on PostgreSQL.
func TestReadme(t *testing.T) {
	t.Parallel()
	requireProgram(t, "openssl", "README.md")
	g := newGuide(t, "README.md")
	g.dir = sourceCopy(t)
	g.installation = g.with("BCRYPT_COST=10") // the least for production
	g.replace = []string{"postgres://user:password@host:5432/tenantry", storetest.NewURL(t, store.Postgres)}
	g.leave = map[string]string{"make test": "it is what runs this", "import { createClient, isProblem }": "internal/clienttest runs it"}
	g.run()
}

package main_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
		{"-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message", "Copy"},
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

// A document that says what proves something names tests that are there.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	t.Parallel()
	existing := testNames(t)
	named := 0
	for _, file := range documents(t) {
		for _, match := range regexp.MustCompile("`(Test[A-Z]\\w*)`").FindAllStringSubmatch(prose(t, file), -1) {
			named++
			if !existing[match[1]] {
				t.Errorf("%s names %s, and there is no such test", file, match[1])
			}
		}
	}
	if named < 50 {
		t.Errorf("only %d names were found", named)
	}
}

// documents are all documents for people, from the source's folder.
func documents(t *testing.T) []string {
	t.Helper()
	list := []string{"README.md"}
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob("../../" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			list = append(list, filepath.ToSlash(strings.TrimPrefix(path, filepath.Join("..", "..")+string(filepath.Separator))))
		}
	}
	return list
}

// testNames are all tests of the module.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(content), -1) {
			names[match[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A link to a file leads to one that is there, and one with a # to a heading of it.
func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	t.Parallel()
	links := 0
	for _, file := range documents(t) {
		for _, match := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(prose(t, file), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			links++
			target, heading, _ := strings.Cut(match[1], "#")
			path := filepath.Join("../..", filepath.Dir(file), target)
			if target == "" {
				path = filepath.Join("../..", file)
			}
			content, err := os.ReadFile(path)
			if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
				continue
			}
			if err != nil || heading != "" && !hasHeading(string(content), heading) {
				t.Errorf("%s has a link to %s, which isn't there", file, match[1])
			}
		}
	}
	if links < 20 {
		t.Errorf("only %d links were found", links)
	}
}

// prose is a document without its blocks.
func prose(t *testing.T, file string) string {
	t.Helper()
	text := readSource(t, file)
	for _, f := range fences(t, file) {
		text = strings.Replace(text, f.text, "", 1)
	}
	return text
}

func hasHeading(document, anchor string) bool {
	for _, match := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(document, -1) {
		slug := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(match[1]), "")
		if strings.ReplaceAll(slug, " ", "-") == anchor {
			return true
		}
	}
	return false
}

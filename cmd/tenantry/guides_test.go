package main_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tenantry/tenantry/internal/browsertest"
	"github.com/tenantry/tenantry/internal/seed"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// newGuide returns a guide that starts in an empty folder.
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

// cloneFrom redirects git clone from the documents' address to a copy of this source.
func cloneFrom(t *testing.T) []string {
	t.Helper()
	storetest.RequireProgram(t, "git", "the guides")
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

// onDemo starts a server with the demo data for the guide.
func (g *guide) onDemo() *guide {
	g.t.Helper()
	g.reach(g.serve("--demo"))
	return g
}

func TestGuideForIntegrators(t *testing.T) {
	t.Parallel()
	newGuide(t, "docs/integrators.md").onDemo().run()
}

// TestGuideForThePredecessorsUsers runs in a folder with the predecessor's settings.
func TestGuideForThePredecessorsUsers(t *testing.T) {
	t.Parallel()
	storetest.RequireProgram(t, "psql", "docs/migration.md")
	u := parseURL(t, storetest.NewURL(t, store.Postgres))
	server, name := u.User.String()+"@"+u.Host, strings.TrimPrefix(u.Path, "/")
	aside(store.Postgres, storetest.NewURL(t, store.Postgres)).Exec(t, "DROP DATABASE "+name) // the guide creates it

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

// TestGuideForFrontEnds builds the guide's page and uses it in two tabs.
func TestGuideForFrontEnds(t *testing.T) {
	t.Parallel()
	storetest.RequireProgram(t, "npm", "docs/frontend.md")
	browser := browsertest.Start(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	page := "http://" + listener.Addr().String()
	g := newGuide(t, "docs/frontend.md")
	g.installation = g.with(cloneFrom(t)...)
	g.replace = []string{"http://localhost:5173", page, "serve --demo", "serve --demo=small"}
	g.run()
	server := &http.Server{Handler: http.FileServer(http.Dir(filepath.Join(g.folder, "public"))), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })

	tab := browser.Tab(t)
	tab.Tolerate("status of 401")
	logIn := func(password string) {
		tab.Do(
			chromedp.Navigate(page),
			chromedp.SendKeys(visible("#login [name=email]"), "ceo@techstart.com"),
			chromedp.SendKeys(visible("#login [name=password]"), password),
			chromedp.Click(visible("#login button")),
		)
	}
	logIn("not the password")
	browsertest.Get(tab, chromedp.Poll[bool](`document.querySelector("#said").textContent !== ""`))
	logIn(seed.Password)
	waitForItems(tab, 2)
	tab.Do(chromedp.Click(visible("#more")))
	waitForItems(tab, 3)
	browsertest.Get(tab, chromedp.Poll[bool](`document.querySelector("#more").hidden`))

	other := browser.Tab(t)
	other.Do(chromedp.Navigate(page))
	waitForItems(other, 2)
	other.Do(chromedp.Click(visible("#logout")))
	for _, each := range []*browsertest.Tab{other, tab} {
		each.Do(chromedp.WaitVisible(visible("#login")))
		waitForItems(each, 0)
	}
}

func waitForItems(tab *browsertest.Tab, n int) {
	browsertest.Get(tab, chromedp.Poll[bool](fmt.Sprintf(`document.querySelectorAll("#companies li").length === %d`, n)))
}

func visible(selector string) chromedp.CSS { return chromedp.CSS(selector) }

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

// TestAddAnEndpoint follows the guide in a copy of the source, on all available engines.
func TestAddAnEndpoint(t *testing.T) {
	t.Parallel()
	storetest.RequireProgram(t, "npm", "docs/add-an-endpoint.md")
	g := newGuide(t, "docs/add-an-endpoint.md")
	g.dir = sourceCopy(t)
	for _, setting := range os.Environ() {
		if strings.HasPrefix(setting, "TEST_") {
			g.installation = g.with(setting)
		}
	}
	g.run()
}

// TestReadme builds in a copy of the source and runs the production block on PostgreSQL.
func TestReadme(t *testing.T) {
	t.Parallel()
	storetest.RequireProgram(t, "openssl", "README.md")
	g := newGuide(t, "README.md")
	g.dir = sourceCopy(t)
	g.installation = g.with("BCRYPT_COST=10") // the minimum in production
	g.replace = []string{"postgres://user:password@host:5432/tenantry", storetest.NewURL(t, store.Postgres)}
	g.leave = map[string]string{"make test": "it is what runs this", "import { createClient, isProblem }": "internal/clienttest runs it"}
	g.run()
}

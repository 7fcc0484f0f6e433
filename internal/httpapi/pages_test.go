package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/app"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/seed"
	"github.com/tenantry/tenantry/internal/store"
)

// asBrowser sends the Accept header of Chromium, Firefox and Safari.
var asBrowser = apitest.Header("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8")

// pageAt returns a page as a browser gets it. It fails the test unless the page's headers are safe.
func pageAt(t *testing.T, a *apitest.App, path string) string {
	t.Helper()
	reply := a.Do(t, http.MethodGet, path, "", asBrowser).Want(t, 200)
	if got := reply.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("%s: Content-Type %s", path, got)
	}
	if !strings.Contains(reply.Header.Get("Vary"), "Accept") {
		t.Errorf("%s: Vary %q lacks Accept", path, reply.Header.Get("Vary"))
	}
	policy := reply.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("%s: the policy %q lacks %s", path, policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "http") {
		t.Errorf("%s: the policy %q allows too much", path, policy)
	}
	if inline := regexp.MustCompile(`(?i)<script(?:\s+defer|\s+src="[^"]*")*>[^<]|\son[a-z]+=|\sstyle=|<style`).Find(reply.Body); inline != nil {
		t.Errorf("%s: the page has inline content: %q", path, inline)
	}
	return string(reply.Body)
}

func TestBrowsersGetPagesAndProgramsDoNot(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	for path, other := range map[string]string{"/": "application/json", "/errors": "text/markdown; charset=utf-8", "/errors/not_found": "text/markdown; charset=utf-8"} {
		pageAt(t, a, path)
		mediaType, _, _ := strings.Cut(other, ";")
		for _, accept := range []string{"*/*", mediaType, mediaType + ", text/html", "text/html;q=0.5, */*"} {
			reply := a.Do(t, http.MethodGet, path, "", apitest.Header("Accept", accept)).Want(t, 200)
			if got := reply.Header.Get("Content-Type"); got != other || !strings.Contains(reply.Header.Get("Vary"), "Accept") {
				t.Errorf("%s with Accept %s: Content-Type %s, Vary %s; want %s that varies with Accept", path, accept, got, reply.Header.Get("Vary"), other)
			}
		}
	}
	if scripted := pageAt(t, a, "/"); strings.Contains(scripted, "<script") {
		t.Error("the landing page has a script")
	}
}

func TestLandingPageShowsTheHealth(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite, func(c *config.Config) { c.AppName = `A & <b>B</b>` })
	page := pageAt(t, a, "/")
	for _, want := range []string{"A &amp; &lt;b&gt;B&lt;/b&gt;", a.Version, "All is well", `href="/api/docs"`, `href="/api/redoc"`, `href="/api/openapi.yaml"`, `href="/errors"`, `href="/api/health"`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in the page", want)
		}
	}
	if strings.Contains(page, "<b>B") {
		t.Error("the name isn't escaped")
	}
	a.Store.Close()
	a.Clock.Advance(2e9)
	if page = pageAt(t, a, "/"); !strings.Contains(page, "Out of order") || strings.Contains(page, "All is well") {
		t.Error("the page doesn't say that the database is down")
	}
}

// loadDemo loads a scenario of the demo data.
func loadDemo(t *testing.T, a *apitest.App) {
	t.Helper()
	keys, err := app.AuditKeys(a.Config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seed.Run(t.Context(), a.Store, keys, auth.NewPasswords(a.Config.BcryptCost), seed.Options{Scenarios: []string{"tech-startup"}}); err != nil {
		t.Fatalf("load the demo data: %v", err)
	}
}

func TestPagesShowDemoLoginsWhereTheyWork(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	for _, path := range []string{"/", "/api/docs"} {
		if strings.Contains(pageAt(t, a, path), "techstart") {
			t.Errorf("%s shows a demo log-in without the demo data", path)
		}
	}
	loadDemo(t, a)
	// A user of another tenant isn't shown, even with the address of a demo account.
	a.User(t, a.Tenant(t).ID, access.Admin, func(u *db.User) { u.Email = "ceo@fashionhub.com" })
	for _, path := range []string{"/", "/api/docs"} {
		page := pageAt(t, a, path)
		for _, want := range []string{"ceo@techstart.com", seed.Password, seed.SuperuserEmail, seed.SuperuserPassword} {
			if !strings.Contains(page, want) {
				t.Errorf("%s doesn't show %s", path, want)
			}
		}
		if strings.Contains(page, "fashionhub") {
			t.Errorf("%s shows a log-in that doesn't exist", path)
		}
	}
	a.Do(t, http.MethodPost, loginPath, loginBody("ceo@techstart.com", seed.Password)).Want(t, 200)

	// The same data in production.
	cfg := a.Config
	cfg.Environment = config.Staging
	staging := apitest.Start(t, store.SQLite, cfg)
	for _, path := range []string{"/", "/api/docs"} {
		if strings.Contains(pageAt(t, staging, path), "techstart") {
			t.Errorf("%s shows demo log-ins outside of development", path)
		}
	}
}

func TestEveryErrorCodeHasItsPage(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	markdown := string(a.Do(t, http.MethodGet, "/errors", "").Want(t, 200).Body)
	list := pageAt(t, a, "/errors")
	for _, code := range errs.Codes() {
		path := "/errors/" + string(code)
		if !strings.Contains(list, `href="`+path+`"`) || !strings.Contains(markdown, "("+path+")") {
			t.Errorf("the list lacks %s", code)
		}
		page, text := pageAt(t, a, path), string(a.Do(t, http.MethodGet, path, "").Want(t, 200).Body)
		if !strings.Contains(text, code.Explanation().Remedy) || !strings.Contains(text, code.Explanation().When) || !strings.HasPrefix(text, "# "+string(code)+": "+code.Title()+"\n") {
			t.Errorf("%s is explained by %s", code, text)
		}
		if strings.Contains(page, "`") || !strings.Contains(page, "<h1>"+code.Title()+"</h1>") || !strings.Contains(page, "What to do") {
			t.Errorf("%s is explained by %s", code, page)
		}
	}
	for _, path := range []string{"/errors/nope", "/errors/NOT_FOUND", "/errors/not_found%20", "/errors/%3Cb%3E"} {
		page := a.Do(t, http.MethodGet, path, "", asBrowser).Want(t, 404)
		if got := page.Header.Get("Content-Type"); got != "text/html; charset=utf-8" || !strings.Contains(string(page.Body), `href="/errors"`) {
			t.Errorf("%s in a browser: %s %s", path, got, page.Body)
		}
		a.Do(t, http.MethodGet, path, "").WantCode(t, 404, "not_found")
	}
	// The type of a problem is the address of its code's page.
	problem := apitest.Decode[api.Problem](t, a.Do(t, http.MethodGet, "/nope", ""))
	a.Do(t, http.MethodGet, problem.Type, "").Want(t, 200)
}

func TestAssets(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	found := map[string]bool{}
	for _, path := range []string{"/", "/api/docs", "/api/redoc", "/errors", "/errors/internal"} {
		for _, address := range regexp.MustCompile(`(?:src|<link[^>]* href)="(/api/assets/[^"]*|[a-z]+:[^"]*)"`).FindAllStringSubmatch(pageAt(t, a, path), -1) {
			found[address[1]] = true
		}
	}
	if len(found) < 9 {
		t.Fatalf("%d files are linked in the pages, want all", len(found))
	}
	for path := range found {
		plain := a.Do(t, http.MethodGet, path, "", apitest.Header("Accept-Encoding", "identity")).Want(t, 200)
		packed := a.Do(t, http.MethodGet, path, "", apitest.Header("Accept-Encoding", "gzip")).Want(t, 200)
		if plain.Header.Get("Content-Encoding") != "" || packed.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: Content-Encoding %q and %q", path, plain.Header.Get("Content-Encoding"), packed.Header.Get("Content-Encoding"))
		}
		r, err := gzip.NewReader(bytes.NewReader(packed.Body))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if unpacked, err := io.ReadAll(r); err != nil || !bytes.Equal(unpacked, plain.Body) || len(plain.Body) == 0 {
			t.Errorf("%s differs when it is compressed (%v)", path, err)
		}
		for name, want := range map[string]string{"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"} {
			if got := packed.Header.Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", path, name, got, want)
			}
		}
		// A name without a hash isn't served, because its content could change.
		a.Do(t, http.MethodGet, regexp.MustCompile(`\.[0-9a-f]{16}\.`).ReplaceAllString(path, "."), "").WantCode(t, 404, "not_found")
	}
	a.Do(t, http.MethodGet, "/api/assets/..%2Fassets.go", "").WantCode(t, 404, "not_found")
}

package pages_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/app"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/browsertest"
	"github.com/tenantry/tenantry/internal/seed"
	"github.com/tenantry/tenantry/internal/store"
)

const demoLogin = "ceo@techstart.com"

// demo is an application with demo data, and a browser.
type demo struct {
	*apitest.App

	browser *browsertest.Browser
}

// TestPagesInABrowser shares one browser, because starting one takes seconds. Messages in the
// console and requests to other hosts fail it.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	browser := browsertest.Start(t)
	a := apitest.New(t, store.SQLite)
	keys, err := app.AuditKeys(a.Config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seed.Run(t.Context(), a.Store, keys, auth.NewPasswords(a.Config.BcryptCost), seed.Options{Scenarios: []string{"tech-startup"}}); err != nil {
		t.Fatalf("load the demo data: %v", err)
	}
	d := demo{a, browser}
	t.Run("log in with the form and try an operation", d.formAndOperation)
	t.Run("log in as an operation and authorize with its token", d.tokenAndAuthorize)
	t.Run("a refused log-in is said", d.refusedLogin)
	t.Run("a demo log-in is one click", d.oneClick)
	t.Run("ReDoc renders every operation", d.redoc)
	t.Run("pages of text", d.text)
	t.Run("no barriers", d.barriers)
}

// open opens a page in a new tab.
func (d demo) open(t *testing.T, path string) *browsertest.Tab {
	t.Helper()
	tab := d.browser.Tab(t)
	tab.Do(chromedp.Navigate(d.URL + path))
	return tab
}

// css selects visible elements.
func css(format string, args ...any) chromedp.CSS { return chromedp.CSS(fmt.Sprintf(format, args...)) }

// try opens an operation in Swagger UI, executes it, and returns the status and body that the page
// shows.
func try(t *testing.T, tab *browsertest.Tab, operation string) (status, body string) {
	t.Helper()
	block := fmt.Sprintf("[id$=-%s]", operation)
	tab.Do(
		chromedp.Click(css("%s .opblock-summary-control", block)),
		chromedp.Click(css("%s .try-out__btn", block)),
		chromedp.Click(css("%s .execute", block)),
		chromedp.WaitVisible(css("%s .live-responses-table tbody .response-col_status", block)),
	)
	return browsertest.Get(tab, chromedp.Text(css("%s .live-responses-table tbody .response-col_status", block))),
		browsertest.Get(tab, chromedp.TextContent(css("%s .live-responses-table .response-col_description code", block)))
}

func (d demo) formAndOperation(t *testing.T) {
	tab := d.open(t, "/api/docs")
	tab.Do(
		chromedp.WaitVisible(css("[id$=-getMe]")),
		chromedp.SendKeys(css("#login [name=email]"), demoLogin),
		chromedp.SendKeys(css("#login [name=password]"), seed.Password),
		chromedp.Click(css("#login button")),
		chromedp.WaitVisible(css("#said.right")),
	)
	if status, body := try(t, tab, "getMe"); status != "200" || emailOf(t, body) != demoLogin {
		t.Errorf("the page shows status %s and %s, want 200 and %s", status, body, demoLogin)
	}
	// The page must not send the examples of parameters: tenant_id would name a tenant that doesn't
	// exist.
	if status, body := try(t, tab, "listCompanies"); status != "200" {
		t.Errorf("the page shows status %s and %s, want 200", status, body)
	}
	if stored := browsertest.Get(tab, chromedp.Evaluate[string](`JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie`)); stored != "{}" {
		t.Errorf("the browser stores %s, want nothing", stored)
	}

	tab.Do(chromedp.Click(css("#logout button")), chromedp.WaitVisible(css("#login")), chromedp.WaitVisible(css("#demo")))
	browsertest.Get(tab, chromedp.Poll[bool](`document.querySelector("#logout").hidden && !document.querySelector("#logout button").disabled`))
	tab.Tolerate("status of 401")
	tab.Do(chromedp.Click(css("[id$=-getMe] .execute")))
	browsertest.Get(tab, chromedp.Poll[bool](`document.querySelector("[id$=-getMe] .live-responses-table tbody .response-col_status")?.innerText.startsWith("401")`))
}

func emailOf(t *testing.T, body string) string {
	t.Helper()
	var me struct {
		User struct{ Email string }
	}
	if err := json.Unmarshal([]byte(body), &me); err != nil {
		t.Errorf("the page shows %s: %v", body, err)
	}
	return me.User.Email
}

func (d demo) tokenAndAuthorize(t *testing.T) {
	tab := d.open(t, "/api/docs")
	tab.Do(chromedp.WaitVisible(css("[id$=-login]")))
	status, body := try(t, tab, "login") // with the document's example
	var result api.LoginResult
	if err := json.Unmarshal([]byte(body), &result); err != nil || status != "200" {
		t.Fatalf("the page shows status %s and %s (%v), want 200 and tokens", status, body, err)
	}
	tab.Do(
		chromedp.Click(css(".auth-wrapper .authorize")),
		chromedp.SendKeys(css(".dialog-ux input"), result.AccessToken),
		chromedp.Click(css(".dialog-ux button.authorize")),
		chromedp.WaitNotPresent(css(".dialog-ux input")),
		chromedp.Click(css(".dialog-ux .close-modal")),
	)
	if status, body := try(t, tab, "getMe"); status != "200" || emailOf(t, body) != demoLogin {
		t.Errorf("the page shows status %s and %s, want 200 and %s", status, body, demoLogin)
	}
}

func (d demo) refusedLogin(t *testing.T) {
	tab := d.open(t, "/api/docs")
	tab.Tolerate("status of 401")
	tab.Do(
		chromedp.SendKeys(css("#login [name=email]"), demoLogin),
		chromedp.SendKeys(css("#login [name=password]"), "not the password"),
		chromedp.Click(css("#login button")),
		chromedp.WaitVisible(css("#said.wrong")),
	)
	refused := apitest.Decode[api.Problem](t, d.Do(t, http.MethodPost, "/api/v1/auth/login", `{"email":"`+demoLogin+`","password":"not the password"}`).Want(t, 401))
	if said := browsertest.Get(tab, chromedp.Text(css("#said"))); said != refused.Detail {
		t.Errorf("the page says %q, want %q", said, refused.Detail)
	}
}

func (d demo) oneClick(t *testing.T) {
	tab := d.open(t, "/")
	// A click returns before the new page has loaded.
	link := browsertest.Get(tab, chromedp.Evaluate[string](`document.querySelector("nav a[href='/api/docs']").href`))
	tab.Do(
		chromedp.Navigate(link),
		chromedp.Click(css("[data-email='%s']", demoLogin)),
		chromedp.WaitVisible(css("#said.right")),
		chromedp.WaitNotVisible(css("[data-email]")), // a second session would leave the first one open
	)
}

func (d demo) redoc(t *testing.T) {
	operations := apitest.Operations(t)
	var want []string
	for _, op := range operations {
		want = append(want, "tag/"+op.Spec.Tags[0]+"/operation/"+op.ID)
	}
	slices.Sort(want)

	tab := d.open(t, "/api/redoc")
	tab.Do(chromedp.WaitVisible(css("[data-section-id='%s']", want[0])))
	got := browsertest.Get(tab, chromedp.Evaluate[[]string](`[...document.querySelectorAll("[data-section-id*='/operation/']")].filter(e => e.innerText.trim() !== "").map(e => e.dataset.sectionId).sort()`))
	if !slices.Equal(got, want) {
		t.Errorf("ReDoc has %d operations\n%q\nand the document %d\n%q", len(got), got, len(want), want)
	}
	// The search runs in a worker.
	tab.Do(
		chromedp.SendKeys(css("[role=search] input"), "suspend"),
		chromedp.WaitVisible(css("[data-role='search:results'] [data-item-id$='/operation/suspendTenant']")),
	)
}

func (d demo) text(t *testing.T) {
	for path, title := range map[string]string{"/": "Tenantry", "/errors": "Error codes", "/errors/stale_version": "Changed by someone else"} {
		tab := d.open(t, path)
		if got := browsertest.Get(tab, chromedp.Text(css("h1"))); got != title {
			t.Errorf("%s has the heading %q, want %q", path, got, title)
		}
		// On a phone no page is wider than the screen.
		tab.Do(chromedp.EmulateViewport(360, 740))
		if over := browsertest.Get(tab, chromedp.Evaluate[int](`document.documentElement.scrollWidth - innerWidth`)); over > 0 {
			t.Errorf("%s is %d pixels too wide for a phone", path, over)
		}
	}
}

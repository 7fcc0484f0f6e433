package clienttest_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/browsertest"
)

// reactSources is the folder of the example in docs/frontend.md, which uses the package with React
// and TanStack Query.
const reactSources = "../../docs/react"

// frontEnd is the running example.
type frontEnd struct {
	*server

	browser *browsertest.Browser
}

// newFrontEnd bundles the example, once, and serves it with the API from one origin.
func newFrontEnd(t *testing.T) *frontEnd {
	t.Helper()
	reactInstalled(t)
	if err := bundleReact(); err != nil {
		t.Fatal(err)
	}
	s := newServer(t)
	files := http.FileServer(http.Dir(filepath.Join(reactSources, "dist")))
	s.mux.Handle("/", files)
	s.mux.Handle("/set-password", http.StripPrefix("/set-password", files))
	return &frontEnd{server: s, browser: browsertest.Start(t)}
}

// reactInstalled installs the dependencies of the example while the package is packed, both once.
func reactInstalled(t *testing.T) {
	t.Helper()
	installed := make(chan error, 1)
	go func() { installed <- installReact() }()
	packed(t)
	if err := <-installed; err != nil {
		t.Fatal(err)
	}
}

var (
	installReact = sync.OnceValue(func() error {
		if err := installTools(); err != nil { // of the package, which the example links to
			return err
		}
		return npm(reactSources, install)
	})
	bundleReact = sync.OnceValue(func() error { return npm(reactSources, []string{"exec", "vite", "build"}) })
)

// TestReactCompiles checks the types of the example; the bundler doesn't.
func TestReactCompiles(t *testing.T) {
	t.Parallel()
	reactInstalled(t)
	if err := npm(reactSources, []string{"exec", "tsc"}); err != nil {
		t.Error(err)
	}
}

// reactTab is a tab with the example.
type reactTab struct{ *browsertest.Tab }

func (f *frontEnd) open(t *testing.T, path string) reactTab {
	t.Helper()
	tab := reactTab{f.browser.Tab(t)}
	for _, reported := range []string{"status of 400", "status of 401", "status of 412", "status of 422", "ERR_EMPTY_RESPONSE"} {
		tab.Tolerate(reported)
	}
	tab.Do(chromedp.Navigate(f.front + path))
	return tab
}

// logIn opens the example in a tab, and logs in unless another tab has.
func (f *frontEnd) logIn(t *testing.T) reactTab {
	t.Helper()
	tab := f.open(t, "/")
	wait(tab.Tab, `document.querySelector("#companies") || document.querySelector("[name=password]")`)
	if browsertest.Get(tab.Tab, chromedp.Evaluate[bool](`document.querySelector("#companies") === null`)) {
		tab.fill("email", f.user.Email)
		tab.fill("password", apitest.Password)
		tab.press("main", "Log in")
	}
	tab.shows("#me", f.user.FullName)
	return tab
}

// press waits until the button with this text inside the selected element is enabled, and clicks
// it.
func (tab reactTab) press(within, text string) {
	const find = `window.found = [...(document.querySelector(%q)?.querySelectorAll("button") ?? [])].find((b) => b.textContent === %q && !b.disabled)`
	wait(tab.Tab, fmt.Sprintf(find, within, text))
	tab.Do(run("found.focus(); found.click()"))
}

// fill replaces the text of an input with key strokes.
func (tab reactTab) fill(name, text string) {
	selector := fmt.Sprintf("[name=%q], #%s", name, name)
	tab.Do(chromedp.WaitVisible(chromedp.CSS(selector)), run(fmt.Sprintf("document.querySelector(%q).select()", selector)))
	tab.Do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// shows waits until an element contains this text.
func (tab reactTab) shows(selector, text string) {
	wait(tab.Tab, fmt.Sprintf("document.querySelector(%q)?.textContent.includes(%q)", selector, text))
}

// isGone waits until no such element exists.
func (tab reactTab) isGone(selector string) {
	wait(tab.Tab, fmt.Sprintf("document.querySelector(%q) === null", selector))
}

// returns simulates that the person comes back to the tab, so that TanStack Query refetches
// everything.
func (tab reactTab) returns() {
	tab.Do(run(`document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))`))
}

func row(company db.Company) string { return fmt.Sprintf("[data-code=%q]", company.Code) }

// TestReactLosesNoUpdate edits a row in one tab. Meanwhile another tab saves it, and the first tab
// refetches the list.
func TestReactLosesNoUpdate(t *testing.T) {
	t.Parallel()
	f := newFrontEnd(t)
	company := f.Company(t, f.user.TenantID)
	one, two := f.logIn(t), f.logIn(t)

	one.press(row(company), "Edit")
	one.fill("name", "Mine")
	two.press(row(company), "Edit")
	two.fill("phone", "+47 22 00 00 00")
	two.press("dialog", "Save")
	two.isGone("dialog")
	one.returns()
	one.shows(row(company), "+47 22 00 00 00")

	one.press("dialog", "Save")
	one.shows("#conflict", "+47 22 00 00 00")
	two.returns()
	two.shows(row(company), company.Name)
	one.press("#conflict", "Keep mine")
	one.press("dialog", "Save")
	one.isGone("dialog")
	one.shows(row(company), "Mine")
	one.shows(row(company), "+47 22 00 00 00")

	// A row can be changed and deleted right after a change.
	for _, name := range []string{"Second", "Third"} {
		one.press(row(company), "Edit")
		one.fill("name", name)
		one.press("dialog", "Save")
		one.isGone("dialog")
		one.shows(row(company), name)
	}
	if conflicts, _ := f.counted("PUT /api/v1/org/companies/" + company.ID.String() + " 412"); conflicts != 1 {
		t.Errorf("%d conflicts, want 1", conflicts)
	}

	// The other tab still shows the old row, so its deletion is refused.
	two.press(row(company), "Delete")
	two.shows("#preview", "branches 0")
	two.press("dialog", "Delete it")
	two.shows("dialog [role=alert]", "")
	two.press("dialog", "Cancel")
	two.shows(row(company), "Third")
	two.press(row(company), "Delete")
	two.press("dialog", "Delete it")
	two.isGone(row(company))
}

// TestReactForms submits invalid forms, searches, and sets a password.
func TestReactForms(t *testing.T) {
	t.Parallel()
	f := newFrontEnd(t)
	north := f.Company(t, f.user.TenantID, func(c *db.Company) { c.Name = "North" })
	south := f.Company(t, f.user.TenantID, func(c *db.Company) { c.Name = "South" })
	f.Branch(t, south)
	tab := f.logIn(t)

	tab.press("main", "New company")
	tab.fill("code", "no blanks!")
	tab.fill("city", fmt.Sprintf("%0201d", 0))
	tab.press("dialog", "Save")
	for _, name := range []string{"code", "name", "city"} {
		wait(tab.Tab, fmt.Sprintf(`(() => { const input = document.querySelector("[name=%s]"); return input.ariaInvalid === "true" && document.getElementById(input.getAttribute("aria-describedby")).textContent !== "" })()`, name))
	}
	wait(tab.Tab, `document.querySelector("[name=phone]").ariaInvalid === "false" && document.activeElement.name === "code"`)
	tab.fill("code", "west")
	tab.fill("name", "West")
	tab.fill("city", "Bergen")
	tab.press("dialog", "Save")
	tab.isGone("dialog")
	tab.shows("[data-code=WEST]", "West")

	tab.fill("search", "sou")
	tab.isGone(row(north))
	tab.shows(row(south), "South")
	tab.press(row(south), "Delete")
	tab.shows("#preview", "branches 1")
	tab.press("dialog", "Delete it")
	tab.isGone(row(south))
	tab.fill("search", "no")
	tab.shows(row(north), "North")

	// If a dialog is left during a save, the end of the save closes no other dialog. The focus
	// returns to the element that opened the dialog.
	release := hold(t, &f.change)
	tab.press(row(north), "Edit")
	tab.fill("name", "Nord")
	tab.press("dialog", "Save")
	tab.press("dialog", "Cancel")
	wait(tab.Tab, fmt.Sprintf(`document.activeElement === document.querySelector('%s button')`, row(north)))
	tab.press("main", "New company")
	release()
	tab.shows(row(north), "Nord")
	tab.shows("dialog h2", "New company")
	tab.Do(chromedp.KeyEvent(kb.Escape))
	tab.isGone("dialog")

	link := "/set-password#token=" + f.resetToken(t)
	password := f.open(t, link)
	password.fill("password", "short")
	password.press("main", "Set password")
	password.shows(".error", "12 ")
	password.fill("password", newPassword)
	password.press("main", "Set password")
	password.shows("[role=status]", "is set")
	again := f.open(t, link)
	again.fill("password", newPassword)
	again.press("main", "Set password")
	again.shows("[role=alert]", "")

	f.mux.HandleFunc("POST /api/v1/auth/logout", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	tab.press("header", "Log out")
	tab.shows("[role=alert]", "could not be told")
}

const newPassword = "seven purple umbrellas"

// resetToken returns a one-time token of another user.
func (f *frontEnd) resetToken(t *testing.T) string {
	t.Helper()
	admin, user := f.Login(t, f.user), f.User(t, f.user.TenantID, access.Viewer)
	reply := f.Do(t, http.MethodPost, "/api/v1/users/"+user.ID.String()+"/password-reset", "", bearer(admin)).Want(t, http.StatusOK)
	return apitest.Decode[api.OneTimeToken](t, reply).Token
}

func bearer(actor *apitest.Actor) apitest.Option {
	return apitest.Header("Authorization", "Bearer "+actor.AccessToken)
}

// TestReactStaysLoggedIn loses replies to refreshes, and closes a tab during one.
func TestReactStaysLoggedIn(t *testing.T) {
	t.Parallel()
	f := newFrontEnd(t)
	company := f.Company(t, f.user.TenantID)
	one, two := f.logIn(t), f.logIn(t)

	// The client repeats one lost reply; TanStack Query repeats after two.
	for _, lost := range []int64{1, 2} {
		f.Clock.Advance(lifetime)
		f.lost.Store(lost)
		one.press("nav", "Sessions")
		one.returns()
		one.shows("#sessions", "this one")
		f.Clock.Advance(time.Minute) // longer than the grace time of refreshes
		one.press("nav", "Companies")
		wait(one.Tab, `document.querySelector("#companies")?.ariaBusy === "false"`)
		one.shows(row(company), company.Name)
	}

	// A tab that is closed during its refresh doesn't log out the other tab.
	release := hold(t, &f.refresh) // before the clock moves, so that no token is refreshed too early
	before, _ := f.counted(refreshed)
	f.Clock.Advance(lifetime)
	one.returns()
	f.await(t, refreshed, before+1)
	one.Do(chromedp.Navigate("about:blank"))
	release()
	two.press("nav", "Sessions")
	two.shows("#sessions", "this one")

	other := f.Login(t, f.user)
	two.returns()
	two.shows("#sessions", "End it")
	two.press("#sessions", "End it")
	wait(two.Tab, `document.querySelectorAll("#sessions li").length === 1`)
	f.Do(t, http.MethodGet, "/api/v1/auth/me", "", bearer(other)).Want(t, http.StatusUnauthorized)

	three := f.logIn(t)
	two.press("header", "Log out")
	for _, tab := range []reactTab{two, three} {
		wait(tab.Tab, `document.querySelector("[name=password]")`)
	}
}

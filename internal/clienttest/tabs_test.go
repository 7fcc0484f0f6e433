package clienttest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/browsertest"
)

// page uses the package like a front end: tokens in the browser's storage, and the API on the same
// origin.
const page = `<!doctype html>
<title>client</title>
<link rel="icon" href="data:,">
<script>%s</script>
<script type="module">
	import { browserStore, createClient } from '/client/index.js';
	const client = createClient({ store: browserStore() });
	const heard = [];
	client.onUserChange((userId) => heard.push(userId));
	window.outcomes = [];
	Object.assign(window, {
		client, heard,
		ask: (times) => Array.from({ length: times }, () => client.api.getMe()).map((answer) =>
			answer.then((me) => me.user.email, (error) => error.code ?? String(error)).then((outcome) => outcomes.push(outcome))),
	});
</script>`

// meRequests is how many requests each tab sends at once.
const meRequests = 10

const (
	meRefused = "GET /api/v1/auth/me 401"
	refreshed = "POST " + refreshPath
)

// unhurried extends the client's time-outs to minutes, for tests in which another tab or the server
// is slow on purpose.
const unhurried = "const timer = setTimeout; window.setTimeout = (work, ms) => timer(work, ms >= 3000 ? 100 * ms : ms);"

// TestTabs lets the access token of two tabs expire, then sends ten requests from each tab. Both
// stay logged in, and the server counts their refreshes.
func TestTabs(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		before    string // runs in the page before the package
		refreshes int    // of both tabs, per round
		ready     string // JavaScript condition: both tabs have reached their refresh
	}{
		"with locks":    {unhurried, 1, "navigator.locks.query().then((locks) => locks.held.length === 1 && locks.pending.length === 1)"},
		"without locks": {unhurried + "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })", 2, "navigator.locks === undefined"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			packed(t)
			s := newServer(t)
			one, two := openTabs(t, s, test.before)
			one.Do(run(fmt.Sprintf("client.login({ email: %q, password: %q })", s.user.Email, apitest.Password)))
			wait(one, "client.userId !== null")
			wait(two, fmt.Sprintf("heard.at(-1) === %q", s.user.ID))

			// The second round shows whether both tabs have the newest tokens.
			for round := 1; round <= 2; round++ {
				s.Clock.Advance(lifetime)
				release := hold(t, &s.refresh)
				for _, tab := range []*browsertest.Tab{one, two} {
					tab.Do(run(fmt.Sprintf("outcomes.length = 0; ask(%d)", meRequests)))
				}
				s.await(t, meRefused, round*2*meRequests)
				s.await(t, refreshed, round*test.refreshes)
				wait(one, test.ready)
				release()
				for i, tab := range []*browsertest.Tab{one, two} {
					wait(tab, fmt.Sprintf("outcomes.length === %d", meRequests))
					want := strings.TrimSuffix(strings.Repeat(s.user.Email+",", meRequests), ",")
					if got := browsertest.Get(tab, chromedp.Evaluate[string]("outcomes.join()")); got != want {
						t.Errorf("in round %d the requests of tab %d ended with %s", round, i+1, got)
					}
				}
				if got, _ := s.counted(refreshed); got != round*test.refreshes {
					t.Errorf("%d refreshes after %d rounds, want %d each", got, round, test.refreshes)
				}
			}
			if got := browsertest.Get(two, chromedp.Evaluate[string]("heard.join()")); got != s.user.ID.String() {
				t.Errorf("the second tab received the users %q, want one log-in and no log-out", got)
			}
		})
	}
}

// TestTabThatSleeps lets one tab keep the lock, like a tab that the browser froze during a refresh.
// The other tab refreshes without the lock.
func TestTabThatSleeps(t *testing.T) {
	t.Parallel()
	packed(t)
	s := newServer(t)
	one, two := openTabs(t, s, "")
	one.Do(run(fmt.Sprintf("client.login({ email: %q, password: %q })", s.user.Email, apitest.Password)))
	wait(two, "client.userId !== null")
	one.Do(run("navigator.locks.request('tenantry.refresh', () => new Promise(() => {}))"))
	wait(one, "navigator.locks.query().then((locks) => locks.held.length === 1)")
	s.Clock.Advance(lifetime)
	two.Do(run(fmt.Sprintf("ask(%d)", meRequests)))
	wait(two, fmt.Sprintf("outcomes.length === %d", meRequests))
	if got := browsertest.Get(two, chromedp.Evaluate[int](fmt.Sprintf("outcomes.filter((outcome) => outcome === %q).length", s.user.Email))); got != meRequests {
		t.Errorf("%d of %d requests succeeded while another tab kept the lock", got, meRequests)
	}
}

// TestLogoutInAnotherTab logs out while another tab is refreshing. The refresh must not store new
// tokens.
func TestLogoutInAnotherTab(t *testing.T) {
	t.Parallel()
	packed(t)
	s := newServer(t)
	one, two := openTabs(t, s, unhurried)
	one.Do(run(fmt.Sprintf("client.login({ email: %q, password: %q })", s.user.Email, apitest.Password)))
	wait(two, "client.userId !== null")
	two.Do(chromedp.Navigate(s.front + "/")) // a reload keeps the log-in
	wait(two, "client.userId !== null")

	s.Clock.Advance(lifetime)
	release := hold(t, &s.refresh)
	two.Do(run("ask(1)"))
	s.await(t, refreshed, 1)
	one.Do(run("client.logout().then(() => outcomes.push('out'))"))
	s.await(t, refreshed, 2) // the log-out needs a new access token
	wait(two, "heard.at(-1) === null")
	release()
	wait(one, "outcomes.join() === 'out'")
	wait(two, "outcomes.join() === 'token_expired'")
	for i, tab := range []*browsertest.Tab{one, two} {
		if left := browsertest.Get(tab, chromedp.Evaluate[int]("localStorage.length + sessionStorage.length")); left != 0 {
			t.Errorf("tab %d has %d items in the storage after the log-out", i+1, left)
		}
	}
	if ended, _ := s.counted("POST /api/v1/auth/logout 204"); ended != 1 {
		t.Errorf("%d sessions ended, want 1", ended)
	}
}

// openTabs opens the page in two tabs.
func openTabs(t *testing.T, s *server, before string) (one, two *browsertest.Tab) {
	t.Helper()
	s.mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, page, before)
	})
	s.mux.Handle("/client/", http.StripPrefix("/client/", http.FileServer(http.Dir(sources+"/dist"))))
	browser := browsertest.Start(t)
	open := func() *browsertest.Tab {
		tab := browser.Tab(t)
		tab.Tolerate("status of 401") // the console reports every expired token
		tab.Do(chromedp.Navigate(s.front + "/"))
		wait(tab, "window.client !== undefined")
		return tab
	}
	return open(), open()
}

// run runs JavaScript without waiting for promises.
func run(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void]("{" + script + "}")
}

// wait waits until the condition, or its promise, is true in the page.
func wait(tab *browsertest.Tab, condition string) {
	const loop = "(async () => { while (!(await (%s))) await new Promise((next) => setTimeout(next, 10)) })()"
	tab.Do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(loop, condition), chromedp.EvalAwaitPromise))
}

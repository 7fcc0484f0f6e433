package browsertest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// serve serves pages with this script.
func serve(t *testing.T, script string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><title>page</title><link rel="icon" href="data:,"><body><script>` + script + `</script>`))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestFaultsOfAPage(t *testing.T) {
	t.Parallel()
	browser := Start(t)
	tests := map[string]struct{ script, want string }{
		"a call of another host": {`fetch("https://example.com/x").catch(() => {}).finally(done)`, "another host: https://example.com/x"},
		"an image of another":    {`const i = new Image(); i.onerror = done; i.src = "http://127.0.0.2:1/x.png"`, "another host: http://127.0.0.2:1/x.png"},
		"a socket":               {`const s = new WebSocket("wss://example.com/s"); s.onclose = done`, "another host: wss://example.com/s"},
		"an exception":           {`setTimeout(() => { done(); throw new Error("broken") })`, "Error: broken"},
		"a promise":              {`Promise.reject(new Error("broken promise")); setTimeout(done)`, "Error: broken promise"},
		"console.error":          {`console.error("lost", 7); done()`, `"lost" 7`},
		"a failed request":       {`fetch("/missing").finally(done)`, "status of 401"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tab := browser.Tab(t)
			tab.Do(chromedp.Navigate(serve(t, `const done = () => { document.title = "done" };`+test.script)),
				chromedp.WaitReady(chromedp.CSS("body")))
			Get(tab, chromedp.Poll[bool](`document.title === "done"`))
			Get(tab, chromedp.Evaluate[int]("1"))
			got := tab.Faults()
			if len(got) == 0 || !strings.Contains(strings.Join(got, "\n"), test.want) {
				t.Errorf("faults %q, want one with %q", got, test.want)
			}
			tab.Tolerate("") // all of them, because the test expects them
		})
	}
}

func TestTabsShareAProfile(t *testing.T) {
	t.Parallel()
	browser := Start(t)
	url := serve(t, `console.log("fine"); console.warn("fine, too")`)
	one, two := browser.Tab(t), browser.Tab(t)
	one.Do(chromedp.Navigate(url))
	two.Do(chromedp.Navigate(url))
	Get(one, chromedp.Evaluate[string](`localStorage.said = "hello"`))
	if got := Get(two, chromedp.Evaluate[string](`localStorage.said`)); got != "hello" {
		t.Errorf("the second tab reads %q, want what the first one wrote", got)
	}
	if faults := append(one.Faults(), two.Faults()...); len(faults) > 0 {
		t.Errorf("faults %q of a page that does nothing wrong", faults)
	}
}

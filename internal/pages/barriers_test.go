package pages_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tenantry/tenantry/internal/browsertest"
)

// axe returns the script of axe-core that internal/tools/update-pages.sh downloaded.
func axe(t *testing.T) string {
	t.Helper()
	file, err := os.Open("testdata/axe.min.js.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	script, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

// violation is a finding of axe-core.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, Target, Summary string }
}

// findBarriers removes most operations from the page before the check: they are all alike, and
// would take a minute.
const findBarriers = `[...document.querySelectorAll("[data-section-id*='/operation/'], .opblock")].
	filter(e => !/login$|deleteCompany$|listCompanies$/.test(e.dataset.sectionId ?? e.id)).forEach(e => e.remove());
	axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => ({
		ID: v.id, Impact: v.impact, Help: v.help,
		Nodes: v.nodes.map(n => ({HTML: n.html.slice(0, 200), Target: n.target.join(" "), Summary: n.failureSummary})),
	})))`

// barriers checks accessibility with axe-core: each page light on a wide screen and dark on a
// narrow one. There must be no finding.
func (d demo) barriers(t *testing.T) {
	script := axe(t)
	for _, screen := range []struct {
		scheme string
		width  int64
	}{{"light", 1280}, {"dark", 360}} {
		for path, ready := range map[string]string{
			"/": "h1", "/errors": "h1", "/errors/stale_version": "h1", "/api/docs": "[id$=-getMe]", "/api/redoc": "[data-section-id$='/operation/getMe']",
		} {
			tab := d.browser.Tab(t)
			tab.Do(
				browsertest.PreferColorScheme(screen.scheme), chromedp.EmulateViewport(screen.width, 800),
				chromedp.Navigate(d.URL+path), chromedp.WaitVisible(css("%s", ready)),
			)
			if path == "/api/docs" {
				for _, operation := range []string{"listCompanies", "deleteCompany"} {
					tab.Do(chromedp.Click(css("[id$=-%s] .opblock-summary-control", operation)))
				}
				tab.Do(chromedp.Click(css("[id$=-listCompanies] .try-out__btn")))
			}
			if n := browsertest.Get(tab, chromedp.Evaluate[int](`document.querySelectorAll("main").length`)); n != 1 {
				t.Errorf("%s has %d main elements, want one", path, n)
			}
			if !browsertest.Get(tab, chromedp.Evaluate[bool](`document.querySelector(document.querySelector("body > a").hash) !== null`)) {
				t.Errorf("%s doesn't begin with a link that skips the header", path)
			}
			found := browsertest.Get(tab, chromedp.Evaluate[[]violation](script+";"+findBarriers, chromedp.EvalAwaitPromise))
			for _, v := range found {
				t.Errorf("%s, %s, %d pixels wide: %s", path, screen.scheme, screen.width, v)
			}
		}
	}
}

// String lists the first places of a violation.
func (v violation) String() string {
	text := fmt.Sprintf("%s: %s: %s (%d places)", v.Impact, v.ID, v.Help, len(v.Nodes))
	for _, n := range v.Nodes[:min(5, len(v.Nodes))] {
		text += fmt.Sprintf("\n  %s\n    %s\n    %s", n.Target, n.HTML, strings.ReplaceAll(n.Summary, "\n", "\n    "))
	}
	return text
}

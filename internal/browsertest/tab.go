package browsertest

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Tab is one tab of a browser. Its methods end the test when a step fails.
type Tab struct {
	t         testing.TB
	ctx       context.Context
	mu        sync.Mutex
	faults    []string
	tolerated []string
}

// Tab opens an empty tab. When the test ends it fails for what the tab's pages did wrong.
func (b *Browser) Tab(t testing.TB) *Tab {
	t.Helper()
	tab := &Tab{t: t}
	ctx, closeTab := chromedp.NewContext(b.ctx, chromedp.WithListener(tab.watch))
	tab.ctx = ctx
	t.Cleanup(func() {
		t.Helper()
		tab.report()
		closeTab()
	})
	if err := chromedp.Do(ctx, enableNetwork); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	return tab
}

// Do takes the steps one after the other.
func (tab *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	Get(tab, chromedp.Steps(steps...))
}

// Get takes a step that has a result.
func Get[T any](tab *Tab, step chromedp.Action[T]) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepLimit)
	defer cancel()
	result, err := chromedp.Run(ctx, step)
	if err != nil {
		tab.t.Fatalf("in the browser: %v%s", err, tab.state())
	}
	return result
}

// Tolerate lets faults pass that contain this text, such as the console's "status of 401".
func (tab *Tab) Tolerate(text string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.tolerated = append(tab.tolerated, text)
}

// Faults are what the pages did wrong so far and nobody tolerated.
func (tab *Tab) Faults() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(tab.faults), func(fault string) bool {
		return slices.ContainsFunc(tab.tolerated, func(text string) bool { return strings.Contains(fault, text) })
	})
}

// report fails the test for each fault. An answer of the page is waited for first: what it said
// before has then been heard.
func (tab *Tab) report() {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepLimit)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[int]("1")); err != nil {
		tab.t.Errorf("the page doesn't answer any more: %v", err)
	}
	for _, fault := range tab.Faults() {
		tab.t.Errorf("in the browser: %s", fault)
	}
}

// state tells what is on the page and what went wrong, for a test that ends.
func (tab *Tab) state() string {
	ctx, cancel := context.WithTimeout(tab.ctx, stepLimit)
	defer cancel()
	page, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText.slice(0, 2000)`))
	if err != nil {
		page = err.Error()
	}
	return "\nthe page: " + page + "\nfaults: " + strings.Join(tab.Faults(), "\n  ")
}

// watch is called by the browser for each event.
func (tab *Tab) watch(event any) {
	fault := faultOf(event)
	if fault == "" {
		return
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.faults = append(tab.faults, fault)
}

// faultOf describes an event that no page may cause; it is empty for others.
func faultOf(event any) string {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		return foreign(e.Request.URL)
	case *network.EventWebSocketCreated:
		return foreign(e.URL)
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + describe(thrown)
		}
		return "an exception: " + text
	case *runtime.EventConsoleAPICalled:
		if e.Type != runtime.ConsoleAPICalledTypeError && e.Type != runtime.ConsoleAPICalledTypeAssert {
			return ""
		}
		var said []string
		for _, argument := range e.Args {
			said = append(said, describe(argument))
		}
		return "an error in the console: " + strings.Join(said, " ")
	case *log.EventEntryAdded:
		if e.Entry.Level != log.EntryLevelError {
			return ""
		}
		return fmt.Sprintf("an error in the console: %s (%s)", e.Entry.Text, e.Entry.URL)
	default:
		return ""
	}
}

// describe is the text of a value, or its JSON.
func describe(value *runtime.RemoteObject) string {
	if value.Description != "" {
		return value.Description
	}
	return string(value.Value)
}

// foreign describes a request that leaves this machine; it is empty for others.
func foreign(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "a request to " + address
	}
	switch u.Scheme {
	case "data", "blob", "about":
		return ""
	}
	if host := u.Hostname(); host == "127.0.0.1" || host == "localhost" {
		return ""
	}
	return "a request to another host: " + address
}

// PreferColorScheme makes a tab ask for light or dark pages, as a person's settings would.
func PreferColorScheme(scheme string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return chromedp.Void{}, err
	}
}

func enableNetwork(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
	_, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
	return chromedp.Void{}, err
}

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

// Tab is a tab of a browser. Its methods end the test if a step fails.
type Tab struct {
	t         testing.TB
	ctx       context.Context
	mu        sync.Mutex
	faults    []string
	tolerated []string
}

// Tab opens an empty tab. At the end of the test it reports the faults of the tab's pages, which
// fail the test.
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

// Do executes the steps one after the other.
func (tab *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	Get(tab, chromedp.Steps(steps...))
}

// Get executes a step and returns its result.
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

// Tolerate ignores faults that contain this text, such as the console's "status of 401".
func (tab *Tab) Tolerate(text string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.tolerated = append(tab.tolerated, text)
}

// Faults returns the faults of the pages so far, without tolerated ones.
func (tab *Tab) Faults() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(tab.faults), func(fault string) bool {
		return slices.ContainsFunc(tab.tolerated, func(text string) bool { return strings.Contains(fault, text) })
	})
}

// report fails the test for each fault. It first waits for an answer of the page, because events
// from before that have then arrived.
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

// state returns the content and the faults of the page, for the message of a failed test.
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

// faultOf describes an event that is a fault; it returns "" for others.
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

// describe returns the text of a value, or its JSON.
func describe(value *runtime.RemoteObject) string {
	if value.Description != "" {
		return value.Description
	}
	return string(value.Value)
}

// foreign describes a request to another host; it returns "" for others.
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

// PreferColorScheme sets the user's preference for light or dark pages.
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

// Package browsertest gives a test a headless Chromium that reaches this machine and nothing else.
// What a page does wrong fails the test: errors in the console, exceptions, and requests to other
// hosts.
package browsertest

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tenantry/tenantry/internal/store/storetest"
)

// stepLimit ends a test that waits for what never comes. It is long, as a browser on a busy machine
// may be slow.
const stepLimit = time.Minute

// Browser is a running Chromium with a profile of its own, which its tabs share.
type Browser struct {
	ctx context.Context
}

// Start starts the browser that TEST_CHROMIUM names. It ends with the test. Without one the test is
// skipped by name, or fails where CI=true.
func Start(t testing.TB) *Browser {
	t.Helper()
	path := storetest.Provided(t, "CHROMIUM", "TEST_CHROMIUM")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		// Every name and every address but this machine's is unknown.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-gpu", true),
		chromedp.WindowSize(1280, 900),
	)
	// Not t.Context(), which ends before the cleanup that looks at the tabs once more.
	allocated, free := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(free)
	ctx, end := chromedp.NewContext(allocated)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &Browser{ctx: ctx}
}

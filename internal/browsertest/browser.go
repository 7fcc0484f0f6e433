// Package browsertest runs a headless Chromium for tests. It can connect only to this machine.
// Errors in the console, exceptions, and requests to other hosts fail the test.
package browsertest

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tenantry/tenantry/internal/store/storetest"
)

// stepLimit ends a test that waits in vain. It is long, because a browser can be slow on a busy
// machine.
const stepLimit = time.Minute

// Browser is a running Chromium with its own profile, which its tabs share.
type Browser struct {
	ctx context.Context
}

// Start starts the browser that TEST_CHROMIUM names, until the test ends. Without a browser, it
// skips the test, or fails it if CI=true.
func Start(t testing.TB) *Browser {
	t.Helper()
	path := storetest.Provided(t, "CHROMIUM", "TEST_CHROMIUM")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		// All host names and addresses except this machine's are unknown.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-gpu", true),
		chromedp.WindowSize(1280, 900),
	)
	// t.Context() would end before the cleanup, which uses the tabs once more.
	allocated, free := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(free)
	ctx, end := chromedp.NewContext(allocated)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &Browser{ctx: ctx}
}

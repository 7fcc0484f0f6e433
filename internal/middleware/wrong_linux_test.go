package middleware

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/problem"
)

// fill repeats parts up to about n bytes.
func fill(n int, part func(i int) string) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(part(i))
	}
	return b.String()
}

func fields(n int) string { return fill(n, func(i int) string { return fmt.Sprintf(`"%d":1,`, i) }) }

// wrong returns requests with faults of about n bytes.
var wrong = map[string]func(n int) (query, body string){
	"unknown fields":        func(n int) (string, string) { return "", "{" + fields(n) + `"a":1}` },
	"unknown nested fields": func(n int) (string, string) { return "", `{"address":{` + fields(n) + `"a":1}}` },
	"a long name":           func(n int) (string, string) { return "", `{"` + strings.Repeat("~", n) + `":1}` },
	"a long name twice": func(n int) (string, string) {
		name := strings.Repeat("<", n/2)
		return "", `{"` + name + `":1,"` + name + `":1}`
	},
	"a long name, cut off":   func(n int) (string, string) { return "", `{"` + strings.Repeat("<", n) },
	"many items":             func(n int) (string, string) { return "", `{"name":[` + strings.Repeat("1,", n/2) + `1]}` },
	"many empty arrays":      func(n int) (string, string) { return "", `[` + strings.Repeat("[],", n/3) + `1]` },
	"depth below long names": func(n int) (string, string) { return "", strings.Repeat(`{"`+strings.Repeat("<", n/40)+`":`, 40) },
	"a long number":          func(n int) (string, string) { return "", `{"code":1` + strings.Repeat("9", n) + `}` },
	"a long fraction":        func(n int) (string, string) { return "", `{"code":0.` + strings.Repeat("0", n) + `1e99999999}` },
	"a long text": func(n int) (string, string) {
		return "", `{"code":"` + strings.Repeat("a", n) + `","website":"http://` + strings.Repeat("a", n) + `"}`
	},
	"a long blank text":     func(n int) (string, string) { return "", `{"name":"` + strings.Repeat(" ", n) + `"}` },
	"a long e-mail address": func(n int) (string, string) { return "", `{"email":"` + strings.Repeat("a@", n/2) + `"}` },
	"escaped text":          func(n int) (string, string) { return "", `{"name":"` + strings.Repeat(`\u0001`, n/6) + `"}` },
	"unknown parameters": func(n int) (string, string) {
		return fill(n/8, func(i int) string { return fmt.Sprintf("%d&", i) }), "{}"
	},
	"the same parameter":  func(n int) (string, string) { return strings.Repeat("tenant_id&", n/80), "{}" },
	"a long parameter":    func(n int) (string, string) { return strings.Repeat("%3C", n/24), "{}" },
	"too many parameters": func(n int) (string, string) { return strings.Repeat("a&", n), "{}" },
}

// wholeDocument is the stack with a handler for all operations of the program.
func wholeDocument(t *testing.T) *echo.Echo {
	t.Helper()
	doc, err := document.Shared()
	if err != nil {
		t.Fatal(err)
	}
	operations, err := access.Operations(doc)
	if err != nil {
		t.Fatal(err)
	}
	people := &people{}
	e := echo.New()
	e.HTTPErrorHandler, e.IPExtractor = problem.Handle, echo.ExtractIPDirect()
	perOperation := Stack{
		Metrics: NewMetrics(),
		Log:     slog.New(slog.DiscardHandler), Now: time.Now, NewID: uuid.New, RequestTimeout: time.Minute,
		Document: doc, Operations: operations, Authenticator: people, Tenants: people, Denials: people,
	}.Install(e)
	for _, op := range operations {
		e.Add(op.Method, strings.NewReplacer("{", ":", "}", "").Replace(op.Path), ok, perOperation[op.ID]...)
	}
	return e
}

// TestInvalidRequestsCostLittle compares the processor time of requests of two sizes.
// Four times as many bytes may take about four times as long, but not sixteen times.
func TestInvalidRequestsCostLittle(t *testing.T) {
	const (
		size     = 64 << 10
		maxReply = 40 << 10
		maxRatio = 9
	)
	e := wholeDocument(t)
	send := func(query, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/org/companies?"+query, strings.NewReader(body))
		r.Header.Set(echo.HeaderContentType, jsonType)
		r.Header.Set(echo.HeaderAuthorization, "Bearer admin")
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		return w
	}
	for name, request := range wrong {
		t.Run(name, func(t *testing.T) {
			var took [2]time.Duration
			for i, n := range []int{size, 4 * size} {
				query, body := request(n)
				w := send(query, body)
				p := readProblem(t, w)
				if w.Code != 422 && w.Code != 400 || w.Body.Len() > maxReply || len(p.Errors) == 0 || len(p.Errors) > errs.MaxFields {
					t.Errorf("status %d, %d bytes with %d faults, want 422 or 400, at most %d with 1 to %d", w.Code, w.Body.Len(), len(p.Errors), maxReply, errs.MaxFields)
				}
				took[i] = processorTime(func() { send(query, body) })
			}
			if ratio := float64(took[1]) / float64(took[0]); ratio > maxRatio {
				t.Errorf("four times as much took %.1f times as long (%s and %s)", ratio, took[0], took[1])
			}
		})
	}
}

// processorTime returns the processor time of f, the minimum of several runs. It is at least 5
// milliseconds, because ratios of shorter times are unreliable.
func processorTime(f func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	least := time.Duration(1<<63 - 1)
	for range 5 {
		before := threadTime()
		f()
		least = min(least, threadTime()-before)
	}
	return max(least, 5*time.Millisecond)
}

func threadTime() time.Duration {
	const thread = 1 // RUSAGE_THREAD
	var usage syscall.Rusage
	if err := syscall.Getrusage(thread, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

package telemetry_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/internal/telemetry"
)

func TestErrorsOfOursAreReported(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		sentry := apitest.NewSentry(t)
		a := apitest.New(t, engine, func(c *config.Config) { c.SentryDSN = config.NewSecret(sentry.DSN) })
		admin := a.Actor(t, access.Admin)
		// A client error.
		admin.Do(t, http.MethodGet, "/api/v1/org/companies/"+admin.User.ID.String(), "").Want(t, 404)
		admin.Do(t, http.MethodPost, "/api/v1/org/companies", `{"code":"?"}`).Want(t, 422)
		a.Do(t, http.MethodPost, "/api/v1/auth/login", `{"email":"a@example.com","password":"hush-password"}`).Want(t, 401)
		// A server error, in an operation with an id, a query, a body and a token.
		a.Exec(t, "ALTER TABLE companies RENAME TO former_companies")
		path := "/api/v1/org/companies/" + admin.User.ID.String()
		admin.Do(t, http.MethodPut, path+"?tenant_id="+admin.User.TenantID.String(), `{"name":"hush-body"}`,
			apitest.Header("X-Request-Id", "r-1"), apitest.Header("Traceparent", traceparent), apitest.Header("Cookie", "hush-cookie"),
			apitest.Header("User-Agent", "hush-agent")).Want(t, 500)
		a.Close() // sends the waiting reports

		events := sentry.Events()
		if len(events) != 1 {
			t.Fatalf("%d reports, want one: %+v", len(events), events)
		}
		event := events[0]
		want := map[string]string{
			"request_id": "r-1", "tenant_id": admin.User.TenantID.String(), "route": "/api/v1/org/companies/{id}", "method": "PUT",
			"status": "500", "trace_id": traceID,
		}
		for name, value := range want {
			if event.Tags[name] != value {
				t.Errorf("%s %q, want %q", name, event.Tags[name], value)
			}
		}
		if event.Release != "tenantry@"+a.Version || event.Environment != "development" || event.Level != "error" || event.Transaction != "PUT /api/v1/org/companies/{id}" {
			t.Errorf("%+v", event)
		}
		if e := event.Exception[0]; e.Type != "internal" || !strings.HasPrefix(e.Value, "LockCompany: *") {
			t.Errorf("%+v, want the name of the query and the type of its error", e)
		}
		for _, part := range []string{"request", "user", "breadcrumbs", "modules", "contexts", "extra"} {
			if inside, _ := event.All[part].(map[string]any); event.All[part] != nil && (inside == nil || len(inside) > 0) {
				t.Errorf("the report has %s: %v", part, event.All[part])
			}
		}
		for _, secret := range []string{"hush", admin.User.Email, admin.User.ID.String(), admin.AccessToken, "Bearer", "tenant_id=", "former_companies"} {
			if strings.Contains(sentry.Raw(), secret) {
				t.Errorf("the report has %s:\n%s", secret, sentry.Raw())
			}
		}
		if !strings.Contains(a.Log.String(), `"request_id":"r-1"`) {
			t.Error("the log doesn't contain the request id of the report")
		}
	})
}

func TestEndWaitsForReportsToBeSent(t *testing.T) {
	t.Parallel()
	sentry := apitest.NewSentry(t)
	a := apitest.New(t, store.SQLite, func(c *config.Config) { c.SentryDSN = config.NewSecret(sentry.DSN) })
	admin := a.Actor(t, access.Admin)
	a.Exec(t, "DROP TABLE sessions")
	letGo := sentry.Hold()
	for range 2 { // one is being sent, the other waits
		admin.Do(t, http.MethodGet, "/api/v1/auth/me", "").Want(t, 500)
	}
	time.AfterFunc(100*time.Millisecond, letGo) // far less than the 3 s that Close may wait
	a.Close()
	if n := len(sentry.Events()); n != 2 {
		t.Errorf("%d reports were sent before the end, want 2", n)
	}
}

// reported returns what Sentry receives about a failure.
func reported(t *testing.T, err error) (apitest.SentryEvent, string) {
	t.Helper()
	receiver := apitest.NewSentry(t)
	sentry, newErr := telemetry.NewSentry(receiver.DSN, "tenantry@1", "production")
	if newErr != nil {
		t.Fatal(newErr)
	}
	sentry.Report(telemetry.Failure{Method: "GET", Route: "/x/{id}", Status: 500, RequestID: "r-1", Err: err})
	sentry.Flush(patience)
	events := receiver.Events()
	if len(events) != 1 {
		t.Fatalf("%d reports, want one", len(events))
	}
	return events[0], receiver.Raw()
}

func panicked(f func()) (err error) {
	defer func() { err = telemetry.Recovered(recover()) }()
	f()
	return nil
}

func panicHere(value any) { panic(value) }

func TestPanicIsReportedWithItsStack(t *testing.T) {
	t.Parallel()
	var nothing []int
	for name, test := range map[string]struct {
		f        func()
		value    string
		function string
	}{
		"of ours":         {func() { panicHere("hush-value") }, "string", "panicHere"},
		"of an error":     {func() { panicHere(errors.New("hush-value")) }, "*errors.errorString", "panicHere"},
		"of Go's runtime": {func() { _ = nothing[7] }, "runtime error: index out of range [7] with length 0", "TestPanicIsReportedWithItsStack"},
		"of a nil pointer": {func() {
			var a *apitest.App
			_ = a.URL
		}, "runtime error: invalid memory address or nil pointer dereference", "TestPanicIsReportedWithItsStack"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			event, raw := reported(t, fmt.Errorf("serve: %w", panicked(test.f)))
			e := event.Exception[0]
			if e.Type != "panic" || e.Value != "serve: "+test.value {
				t.Errorf("%s %q, want panic %q", e.Type, e.Value, test.value)
			}
			frames := e.Stacktrace.Frames
			if len(frames) == 0 || !strings.Contains(frames[len(frames)-1].Function, test.function) {
				t.Errorf("it came from %+v, want %s at the end", frames, test.function)
			}
			if strings.Contains(raw, "hush") {
				t.Errorf("the report has the value: %s", raw)
			}
		})
	}
}

// sqlError is an error of a database driver.
type sqlError struct{}

func (sqlError) Error() string    { return "Duplicate entry 'hush@example.com' for key" }
func (sqlError) SQLState() string { return "23000" }

func TestReportNamesErrorsButDoesNotQuoteThem(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err         error
		kind, value string
	}{
		"unknown":     {errors.New("hush"), "internal", "*errors.errorString"},
		"of a driver": {fmt.Errorf("InsertUser: %w", sqlError{}), "internal", "InsertUser: telemetry_test.sqlError SQLSTATE 23000"},
		"of ours": {
			fmt.Errorf("begin: %w", errs.New(errs.Unavailable, "hush").Because(sqlError{})), "unavailable",
			"begin: unavailable: telemetry_test.sqlError SQLSTATE 23000",
		},
		"violation": {fmt.Errorf("InsertUser: %w", &store.Violation{Kind: store.Unique, Constraint: "users_tenant_id_email_key"}), "internal", "InsertUser: unique constraint users_tenant_id_email_key"},
		"quoted":    {fmt.Errorf("look up hush@example.com: %w", errors.New("why")), "internal", "*errors.errorString"},
		"several":   {errors.Join(errors.New("hush"), errors.New("hush")), "internal", "*errors.joinError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			event, raw := reported(t, test.err)
			if e := event.Exception[0]; e.Type != test.kind || e.Value != test.value {
				t.Errorf("%s %q, want %s %q", e.Type, e.Value, test.kind, test.value)
			}
			if strings.Contains(raw, "hush") {
				t.Errorf("the report contains the text of the error: %s", raw)
			}
		})
	}
}

func TestErrorDoesNotQuoteAnInvalidDSN(t *testing.T) {
	t.Parallel()
	if _, err := telemetry.NewSentry("https://hush@/x", "r", "e"); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("%v, want an error without the DSN", err)
	}
	unset, err := telemetry.NewSentry("", "r", "e")
	if err != nil || unset != nil {
		t.Errorf("%v, %v; want nothing without a DSN", unset, err)
	}
	unset.Report(telemetry.Failure{Err: errors.New("why")})
	unset.Flush(time.Hour)
}

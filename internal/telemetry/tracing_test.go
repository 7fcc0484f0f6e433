package telemetry_test

import (
	"bytes"
	"encoding/hex"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/internal/telemetry"
)

const (
	traceID     = "4bf92f3577b34da6a3ce929d0e0e4736"
	parentID    = "00f067aa0ba902b7"
	traceparent = "00-" + traceID + "-" + parentID + "-01"
)

// tracedTo makes an application send its traces to a URL.
func tracedTo(url string) func(*config.Config) {
	return func(c *config.Config) { c.OTLPEndpoint, c.OTLPServiceName = url, "tenantry-test" }
}

func TestTraceOfARequest(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		collector := apitest.NewCollector(t)
		a := apitest.New(t, engine, tracedTo(collector.URL))
		admin := a.Actor(t, access.Admin)
		company := apitest.Decode[struct{ ID string }](t, admin.Do(t, http.MethodPost, "/api/v1/org/companies", `{"code":"HUSHCODE","name":"hush-name"}`,
			apitest.Header("Traceparent", traceparent), apitest.Header("X-Request-Id", "r-1")).Want(t, 201))
		admin.Do(t, http.MethodGet, "/api/v1/org/companies/"+company.ID+"?nonsense=hush-query", "").Want(t, 422)
		admin.Do(t, http.MethodGet, "/nope/hush-path", "").Want(t, 404)
		a.Close() // sends the waiting spans

		spans := collector.Spans()
		named := func(name string) apitest.Span {
			t.Helper()
			i := slices.IndexFunc(spans, func(s apitest.Span) bool { return s.GetName() == name && hex.EncodeToString(s.GetTraceId()) == traceID })
			if i < 0 {
				t.Fatalf("the trace has no span %q", name)
			}
			return spans[i]
		}
		request, transaction := named("POST /api/v1/org/companies"), named("transaction")
		insert, authentication := named("InsertCompany"), named("GetSessionState")
		for _, link := range []struct {
			child  apitest.Span
			parent string
		}{
			{request, parentID},
			{authentication, hex.EncodeToString(request.GetSpanId())},
			{transaction, hex.EncodeToString(request.GetSpanId())},
			{insert, hex.EncodeToString(transaction.GetSpanId())},
			{named("InsertAuditEntry"), hex.EncodeToString(transaction.GetSpanId())},
		} {
			if got := hex.EncodeToString(link.child.GetParentSpanId()); got != link.parent {
				t.Errorf("%s is part of %s, want %s", link.child.GetName(), got, link.parent)
			}
		}
		system := map[store.Engine]string{store.Postgres: "postgresql", store.MySQL: "mysql", store.SQLite: "sqlite"}[engine]
		if got := insert.Attribute("db.system.name"); got != system {
			t.Errorf("db.system.name %q, want %q", got, system)
		}
		if request.Attribute("http.route") != "/api/v1/org/companies" || request.Attribute("tenantry.request_id") != "r-1" ||
			request.Attribute("tenantry.tenant_id") != admin.User.TenantID.String() {
			t.Errorf("the request's span has %v", request.GetAttributes())
		}
		if request.Resource["service.name"] != "tenantry-test" || request.Resource["service.version"] != a.Version {
			t.Errorf("the spans have the resource %v", request.Resource)
		}
		names := map[string]bool{}
		for _, s := range spans {
			names[s.GetName()] = true
			if s.GetParentSpanId() == nil && !strings.Contains(s.GetName(), " ") {
				t.Errorf("%s is a trace of its own, but background work must not be traced", s.GetName())
			}
		}
		if !names["GET /api/v1/org/companies/{id}"] || !names["GET unmatched"] {
			t.Errorf("%v, want routes", names)
		}
		// No values of queries and no data of clients.
		for _, secret := range []string{"hush", "HUSH", admin.User.Email, admin.AccessToken, "INSERT", "SELECT", company.ID} {
			if strings.Contains(collector.Raw(), secret) {
				t.Errorf("the collector receives %s", secret)
			}
		}
		if !strings.Contains(a.Log.String(), `"trace_id":"`+traceID+`"`) {
			t.Error("the log doesn't name the trace")
		}
	})
}

func TestTraceHasTheKindOfError(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		collector := apitest.NewCollector(t)
		a := apitest.New(t, engine, tracedTo(collector.URL))
		admin := a.Actor(t, access.Admin)
		for _, status := range []int{201, 409} {
			admin.Do(t, http.MethodPost, "/api/v1/org/companies", `{"code":"HUSHCODE","name":"A"}`).Want(t, status)
		}
		admin.Do(t, http.MethodGet, "/api/v1/org/companies/"+admin.User.ID.String(), "").Want(t, 404)
		a.Exec(t, "DROP TABLE sessions")
		admin.Do(t, http.MethodGet, "/api/v1/auth/me", "").Want(t, 500)
		a.Close()
		kinds := map[string]bool{}
		for _, s := range collector.Spans() {
			if s.GetStatus().GetCode() != 0 {
				kinds[s.GetName()+": "+s.Attribute("error.type")] = true
			}
		}
		insertion := "InsertCompany"
		if engine == store.Postgres {
			insertion = "GetTenant" // the insertion is sent together with this query
		}
		for _, want := range []string{insertion + ": unique violation", "transaction: unique violation", "GetSessionState: other", "GET /api/v1/auth/me: "} {
			if !kinds[want] {
				t.Errorf("no error %q in %v", want, kinds)
			}
		}
		if len(kinds) != 4 {
			t.Errorf("%v: client errors and missing rows must not be marked as errors", kinds)
		}
		if strings.Contains(collector.Raw(), "HUSHCODE") {
			t.Error("the collector receives the refused value")
		}
	})
}

// refusingAddress returns an address where connections are refused.
func refusingAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// silent returns an address that accepts connections and never answers.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

func TestRequestsDoNotWaitForACollectorOrForSentry(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"nobody": refusingAddress(t), "silent": silent(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := apitest.New(t, store.SQLite, tracedTo("http://"+address), func(c *config.Config) {
				c.SentryDSN = config.NewSecret("http://hush-key@" + address + "/1")
			})
			admin := a.Actor(t, access.Admin)
			a.Exec(t, "DROP TABLE sessions")
			// This causes more reports and, together with those of queries, more spans than the
			// buffers hold. So some must be dropped.
			began := time.Now()
			for range 1500 {
				admin.Do(t, http.MethodGet, "/api/v1/auth/me", "").Want(t, 500)
			}
			// If requests waited for the time-out of 5 s, they would take 2 hours together.
			if took := time.Since(began); took > 20*patience {
				t.Errorf("1500 requests took %s, they seem to wait for the collector or for Sentry", took)
			}
			began = time.Now()
			a.Close()
			// Close waits for 3 s. Sending all waiting spans would take 40 s: 8 batches with a
			// time-out of 5 s.
			if took := time.Since(began); took > patience {
				t.Errorf("Close took %s", took)
			}
			if n := strings.Count(a.Log.String(), "traces can't be sent"); n > 1 {
				t.Errorf("the log says %d times that traces can't be sent", n)
			}
			if strings.Contains(a.Log.String(), "hush-key") {
				t.Error("the log has the DSN")
			}
		})
	}
}

func TestCollectorThatRefusesIsNamedWithItsStatus(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	gotten := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gotten <- r.Header
		http.Redirect(w, r, "http://"+r.Host+"/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	tracing, err := telemetry.NewTracing(t.Context(), telemetry.TracingOptions{
		Endpoint: server.URL, Headers: http.Header{"X-Key": {"hush-key"}}, ServiceName: "s", Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, span, _ := tracing.StartRequest(t.Context(), http.Header{})
	span.End(telemetry.Ended{Method: "GET", Route: "/", Status: 200})
	if err := tracing.Shutdown(t.Context()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if h := <-gotten; h.Get("X-Key") != "hush-key" || h.Get("Content-Type") != "application/x-protobuf" {
		t.Errorf("the collector gets %v", h)
	}
	if !strings.Contains(log.String(), "status 302") || strings.Contains(log.String(), "hush") {
		t.Errorf("the log says:\n%s", &log)
	}
}

func TestFailingCollectorIsNamedOnceAndNotOnStderr(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	tracing, err := telemetry.NewTracing(t.Context(), telemetry.TracingOptions{
		Endpoint: "http://" + refusingAddress(t), ServiceName: "s", Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, span, _ := tracing.StartRequest(t.Context(), http.Header{})
		span.End(telemetry.Ended{Method: "GET", Route: "/", Status: 200})
		if err := tracing.Flush(t.Context()); err != nil {
			t.Errorf("flush: %v", err)
		}
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 {
		t.Errorf("the log has %d warnings, want one:\n%s", n, &log)
	}
	if err := tracing.Shutdown(t.Context()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

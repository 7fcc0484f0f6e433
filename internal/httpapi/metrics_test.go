package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func withMetrics(c *config.Config) { c.EnableMetrics = true }

// metrics returns the metrics of an application, as text.
func metrics(t *testing.T, a *apitest.App) string {
	t.Helper()
	return string(a.Do(t, http.MethodGet, "/metrics", "").Want(t, 200).Body)
}

func wantMetric(t *testing.T, text, line string) {
	t.Helper()
	if !strings.Contains(text, "\n"+line+"\n") {
		t.Errorf("no %s in\n%s", line, text)
	}
}

func TestMetricsAreServedIfEnabled(t *testing.T) {
	t.Parallel()
	apitest.New(t, store.SQLite).Do(t, http.MethodGet, "/metrics", "").WantCode(t, 404, "not_found")
	separate := apitest.New(t, store.SQLite, withMetrics, func(c *config.Config) { c.MetricsAddr = "127.0.0.1:0" })
	separate.Do(t, http.MethodGet, "/metrics", "").WantCode(t, 404, "not_found")

	a := apitest.New(t, store.SQLite, withMetrics)
	a.Do(t, http.MethodGet, "/api/healthz", "").Want(t, 200)
	// Prometheus 3 sends this header; the server has only the text format.
	reply := a.Do(t, http.MethodGet, "/metrics", "", apitest.Header("Accept", "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")).Want(t, 200)
	if got := reply.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4") {
		t.Errorf("Content-Type %s", got)
	}
	wantMetric(t, string(reply.Body), "# TYPE tenantry_http_request_duration_seconds histogram")
	if !strings.Contains(string(reply.Body), fmt.Sprintf("version=%q", a.Version)) {
		t.Error("no metric names the build")
	}
}

func TestMetricsOfTheDatabase(t *testing.T) {
	t.Parallel()
	eachWithMetrics(t, func(t *testing.T, a *apitest.App) {
		text := metrics(t, a)
		pool, most := "main", a.Config.DatabaseMaxConnections
		if a.Engine == store.SQLite {
			pool = "reader"
			wantMetric(t, text, `tenantry_db_connections_max{pool="writer"} 1`)
		}
		wantMetric(t, text, fmt.Sprintf("tenantry_db_connections_max{pool=%q} %d", pool, most))
		if !strings.Contains(text, fmt.Sprintf("tenantry_db_connections{pool=%q,state=\"in_use\"} ", pool)) {
			t.Errorf("no connections of %s", pool)
		}
		wantMetric(t, text, `tenantry_component_up{component="database"} 1`)
		if strings.Contains(text, `component="redis"`) {
			t.Error("a component that isn't configured has a state")
		}

		// A transaction uses a connection.
		err := a.Store.Tx(t.Context(), func(store.Tx) error {
			for _, s := range a.Store.Stats() {
				if s.Pool != "reader" && s.InUse < 1 {
					t.Errorf("%+v in a transaction, want one in use at least", s)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		a.Clock.Advance(2 * time.Second)
		a.Store.Close()
		wantMetric(t, metrics(t, a), `tenantry_component_up{component="database"} 0`)
	})
}

// eachWithMetrics is apitest.Each with metrics.
func eachWithMetrics(t *testing.T, f func(t *testing.T, a *apitest.App)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, engine store.Engine) { f(t, apitest.New(t, engine, withMetrics)) })
}

func TestMetricsOfRedis(t *testing.T) {
	t.Parallel()
	down := apitest.New(t, store.SQLite, withMetrics, func(c *config.Config) { c.RedisURL = config.NewSecret("redis://127.0.0.1:1") })
	text := metrics(t, down)
	wantMetric(t, text, `tenantry_component_up{component="redis"} 0`)
	if text = metrics(t, down); strings.Contains(text, "tenantry_redis_call_failures_total 0\n") {
		t.Errorf("no call failed:\n%s", text)
	}
	redis := storetest.RedisURL(t)
	up := apitest.New(t, store.SQLite, withMetrics, func(c *config.Config) { c.RedisURL = config.NewSecret(redis) })
	wantMetric(t, metrics(t, up), `tenantry_component_up{component="redis"} 1`)
	text = metrics(t, up)
	wantMetric(t, text, "tenantry_redis_call_failures_total 0")
	if strings.Contains(text, "tenantry_redis_calls_total 0\n") {
		t.Errorf("no call was counted:\n%s", text)
	}
}

func TestMetricsOfLogins(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite, withMetrics)
	for _, outcome := range []string{"success", "failure", "denied", "delayed", "busy", "error"} {
		wantMetric(t, metrics(t, a), fmt.Sprintf("tenantry_login_attempts_total{outcome=%q} 0", outcome))
	}
	user := a.Actor(t, access.User).User // one success
	suspended := a.User(t, a.Tenant(t, func(row *db.Tenant) { row.Status = "suspended" }).ID, access.User)
	a.Do(t, http.MethodPost, loginPath, loginBody(suspended.Email, apitest.Password)).Want(t, 403)
	a.Do(t, http.MethodPost, loginPath, `{"email":"?"}`).Want(t, 422) // not an attempt
	for a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, "wrong")).Status == 401 {
	}
	text := metrics(t, a)
	for outcome, n := range map[string]int{"success": 1, "denied": 1, "failure": 6, "delayed": 1, "error": 0} {
		wantMetric(t, text, fmt.Sprintf("tenantry_login_attempts_total{outcome=%q} %d", outcome, n))
	}
	a.Store.Close()
	a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, apitest.Password)).Want(t, 503)
	wantMetric(t, metrics(t, a), `tenantry_login_attempts_total{outcome="error"} 1`)
}

func TestCallsOfDeprecatedPathsAreCountedAndLogged(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite, withMetrics)
	admin := a.Actor(t, access.Admin)
	for range 2 {
		admin.Do(t, http.MethodGet, "/api/org/companies", "").Want(t, 200)
	}
	admin.Do(t, http.MethodGet, companiesPath, "").Want(t, 200)
	admin.Do(t, http.MethodGet, "/api/org/nothing", "").Want(t, 404)
	text := metrics(t, a)
	wantMetric(t, text, `tenantry_legacy_calls_total{operation="listCompanies"} 2`)
	if n := strings.Count(text, "\ntenantry_legacy_calls_total{"); n != 1 {
		t.Errorf("%d operations, want one", n)
	}
	if n := strings.Count(a.Log.String(), `"route":"/api/v1/org/companies"`); n != 3 {
		t.Errorf("%d lines of the operation, want 3", n)
	}
	if n := strings.Count(a.Log.String(), `"legacy":true`); n != 3 {
		t.Errorf("%d lines of old paths, want 3", n)
	}
}

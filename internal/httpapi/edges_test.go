package httpapi_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

const allowed = "https://app.example.com"

func TestCrossOriginRequests(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite, func(cfg *config.Config) { cfg.AllowedOrigins = []string{allowed, "https://admin.example.com"} })
	none := apitest.New(t, store.SQLite)
	all := apitest.New(t, store.SQLite, func(cfg *config.Config) { cfg.AllowedOrigins = []string{"*"} })
	for name, tc := range map[string]struct {
		app          *apitest.App
		origin, want string
	}{
		"allowed":                     {a, allowed, allowed},
		"another allowed origin":      {a, "https://admin.example.com", "https://admin.example.com"},
		"not allowed":                 {a, "https://evil.example", ""},
		"only similar":                {a, "https://app.example.com.evil.example", ""},
		"with another scheme":         {a, "http://app.example.com", ""},
		"with another port":           {a, "https://app.example.com:444", ""},
		"null, sent for a local file": {a, "null", ""},
		"no origin, none configured":  {none, allowed, ""},
		"any origin, in development":  {all, "https://any.example", "*"},
		"null, when all are allowed":  {all, "null", "*"},
	} {
		t.Run(name, func(t *testing.T) {
			for method, options := range map[string][]apitest.Option{
				http.MethodGet:     {apitest.Header("Origin", tc.origin)},
				http.MethodOptions: {apitest.Header("Origin", tc.origin), apitest.Header("Access-Control-Request-Method", "PUT")},
			} {
				r := tc.app.Do(t, method, "/api/healthz", "", options...)
				if got := r.Header.Get("Access-Control-Allow-Origin"); got != tc.want {
					t.Errorf("%s: Access-Control-Allow-Origin %q, want %q", method, got, tc.want)
				}
				// The token is in a header that browsers don't send by themselves. So credentials
				// such as cookies are never allowed.
				if got := r.Header.Get("Access-Control-Allow-Credentials"); got != "" {
					t.Errorf("%s: Access-Control-Allow-Credentials %q, want none", method, got)
				}
				if tc.app == a && !slices.Contains(r.Header.Values("Vary"), "Origin") {
					t.Errorf("%s: Vary %q, want Origin, so that a cache doesn't share the reply", method, r.Header.Values("Vary"))
				}
			}
		})
	}
}

func TestScriptsMayReadExposedHeaders(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite, func(cfg *config.Config) { cfg.AllowedOrigins = []string{allowed} })
	for _, path := range []string{"/api/healthz", "/api/v1/auth/me", "/nothing"} { // errors have such headers, too
		exposed := a.Do(t, http.MethodGet, path, "", apitest.Header("Origin", allowed)).Header.Get("Access-Control-Expose-Headers")
		for _, name := range []string{
			"ETag", "Link", "Location", "RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset",
			"Retry-After", "X-Request-Id", "Deprecation", "Sunset", "Content-Disposition",
		} {
			if !slices.ContainsFunc(strings.Split(exposed, ","), func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), name) }) {
				t.Errorf("%s: %s isn't exposed to scripts: %s", path, name, exposed)
			}
		}
	}
	r := a.Do(t, http.MethodOptions, "/api/v1/org/companies", "", apitest.Header("Origin", allowed),
		apitest.Header("Access-Control-Request-Method", "POST"), apitest.Header("Access-Control-Request-Headers", "authorization,content-type,if-match,x-request-id"))
	r.Want(t, http.StatusNoContent)
	for header, values := range map[string][]string{
		"Access-Control-Allow-Methods": {"GET", "POST", "PUT", "DELETE"},
		"Access-Control-Allow-Headers": {
			"Authorization", "Content-Type", "If-Match", "If-None-Match", "X-Request-Id", "traceparent", "tracestate", "baggage", "sentry-trace",
		},
	} {
		for _, value := range values {
			if !strings.Contains(r.Header.Get(header), value) {
				t.Errorf("%s %q lacks %s", header, r.Header.Get(header), value)
			}
		}
	}
}

func TestEveryKindOfReplyHasTheSecurityHeaders(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite, func(cfg *config.Config) { cfg.AllowedOrigins = []string{allowed} })
	admin := a.Actor(t, access.Admin)
	replies := map[string]apitest.Reply{
		"a start page":         a.Do(t, http.MethodGet, "/", ""),
		"the OpenAPI document": a.Do(t, http.MethodGet, "/api/openapi.json", ""),
		"health":               a.Do(t, http.MethodGet, "/api/health", ""),
		"a list":               admin.Do(t, http.MethodGet, "/api/v1/org/companies", ""),
		"a deprecated path":    admin.Do(t, http.MethodGet, "/api/org/companies", ""),
		"nothing there":        a.Do(t, http.MethodGet, "/nothing", ""),
		"a wrong method":       a.Do(t, http.MethodDelete, "/api/health", ""),
		"nobody":               a.Do(t, http.MethodGet, "/api/v1/auth/me", ""),
		"not valid":            admin.Do(t, http.MethodPost, "/api/v1/org/companies", `{}`),
		"no JSON":              admin.Do(t, http.MethodPost, "/api/v1/org/companies", `{`),
		"a preflight":          a.Do(t, http.MethodOptions, "/api/v1/org/companies", "", apitest.Header("Origin", allowed), apitest.Header("Access-Control-Request-Method", "POST")),
		"a bad preflight":      a.Do(t, http.MethodOptions, "/nothing", "", apitest.Header("Origin", "null"), apitest.Header("Access-Control-Request-Method", "POST")),
		"a double slash":       a.Do(t, http.MethodGet, "//api//health", ""),
		"a trailing slash":     a.Do(t, http.MethodGet, "/api/health/", ""),
	}
	for _, name := range slices.Sorted(maps.Keys(replies)) {
		h := replies[name].Header
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		} {
			if got := h.Get(header); got != want {
				t.Errorf("%s: %s %q, want %q", name, header, got, want)
			}
		}
		wantCache := "no-store"
		if name == "a list" || name == "a deprecated path" {
			wantCache = "private, no-cache"
		}
		if got := h.Get("Cache-Control"); got != wantCache {
			t.Errorf("%s: Cache-Control %q, want %q", name, got, wantCache)
		}
		if got := h.Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors 'none'") {
			t.Errorf("%s: Content-Security-Policy %q", name, got)
		}
		if h.Get("X-Request-Id") == "" {
			t.Errorf("%s: no X-Request-Id", name)
		}
	}
}

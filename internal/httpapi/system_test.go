package httpapi_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/openapi"
)

func TestSystem(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	index := apitest.Decode[api.Index](t, a.Do(t, http.MethodGet, "/", "").Want(t, 200))
	for _, path := range []string{index.Links.Docs, index.Links.Redoc, index.Links.Errors, index.Links.OpenapiJSON, index.Links.OpenapiYAML, index.Links.Health, index.Links.Info} {
		a.Do(t, http.MethodGet, path, "").Want(t, 200)
	}
	a.Do(t, http.MethodGet, "/api/healthz", "").Want(t, 200)
	info := apitest.Decode[api.SystemInfo](t, a.Do(t, http.MethodGet, "/api/system/info", "").Want(t, 200))
	if info.Environment != "development" || info.Features["redis"] {
		t.Errorf("%+v, want development without Redis", info)
	}
	if got := a.Do(t, http.MethodGet, "/api/openapi.yaml", "").Want(t, 200); !bytes.Equal(got.Body, openapi.YAML) {
		t.Error("the YAML differs from the document's source")
	}
	asJSON := a.Do(t, http.MethodGet, "/api/openapi.json", "").Want(t, 200)
	if !json.Valid(asJSON.Body) || !bytes.Contains(asJSON.Body, []byte("x-required-role")) {
		t.Error("the JSON isn't the whole document")
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	health := func(t *testing.T, change ...func(*config.Config)) api.Health {
		t.Helper()
		a := apitest.New(t, store.SQLite, change...)
		return apitest.Decode[api.Health](t, a.Do(t, http.MethodGet, "/api/health", "").Want(t, 200))
	}
	t.Run("ok without Redis", func(t *testing.T) {
		t.Parallel()
		if got := health(t); got.Status != "ok" || got.Components.Database.Status != "ok" || got.Components.Redis.Status != "disabled" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("ok with Redis", func(t *testing.T) {
		t.Parallel()
		url := storetest.RedisURL(t)
		if got := health(t, func(c *config.Config) { c.RedisURL = config.NewSecret(url) }); got.Status != "ok" || got.Components.Redis.Status != "ok" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("degraded while Redis is down, but requests succeed", func(t *testing.T) {
		t.Parallel()
		a := apitest.New(t, store.SQLite, func(c *config.Config) { c.RedisURL = config.NewSecret("redis://:hush@127.0.0.1:1/0") })
		got := a.Do(t, http.MethodGet, "/api/health", "").Want(t, 200)
		if state := apitest.Decode[api.Health](t, got); state.Status != "degraded" || state.Components.Redis.Status != "down" {
			t.Errorf("%+v", state)
		}
		if strings.Contains(string(got.Body), "refused") {
			t.Errorf("the reply reveals the reason without a token: %s", got.Body)
		}
		a.Actor(t, access.Viewer).Do(t, http.MethodGet, companiesPath, "").Want(t, 200)
	})
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	for _, path := range []string{"/nope", "/api", "/api/v1/org/companies/x/y", "/api/v1/auth/login/", "//", "/..", "/api/v1/org/companies/", "/%2e%2e/%00"} {
		a.Do(t, http.MethodGet, path, "").WantCode(t, 404, "not_found")
	}
	for _, request := range []string{"PATCH /api/health", "POST /", "GET /api/v1/auth/login", "TRACE /api/healthz", "BREW /api/healthz", "DELETE /api/v1/org/companies"} {
		method, path, _ := strings.Cut(request, " ")
		reply := a.Do(t, method, path, "")
		reply.WantCode(t, 405, "method_not_allowed")
		if reply.Header.Get("Allow") == "" {
			t.Errorf("%s: 405 without Allow", request)
		}
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, a.URL+"/api/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 || len(body) > 0 || response.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v, body %q (%v)", response.StatusCode, response.Header, body, err)
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	for given, keeps := range map[string]bool{"my-id_1.2": true, strings.Repeat("a", 128): true, strings.Repeat("a", 129): false, "a b": false, "<script>": false, "": false} {
		reply := a.Do(t, http.MethodGet, "/nope", "", apitest.Header("X-Request-Id", given))
		got := reply.Header.Get("X-Request-Id")
		if (got == given) != keeps {
			t.Errorf("%q became %q", given, got)
		}
		if inBody := apitest.Decode[api.Problem](t, reply).RequestID; inBody != got {
			t.Errorf("the problem has the id %q, the header %q", inBody, got)
		}
		if !strings.Contains(a.Log.String(), got) {
			t.Errorf("%q isn't in the log", got)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite, func(c *config.Config) { c.AllowedOrigins = []string{"https://app.example.com"} })
	for _, path := range []string{"/", "/nope", "/api/v1/auth/me"} {
		reply := a.Do(t, http.MethodGet, path, "", apitest.Header("Origin", "https://evil.example.com"))
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cache-Control": "no-store", "Access-Control-Allow-Origin": "", "Server": "",
		} {
			if got := reply.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
	allowed := a.Do(t, http.MethodGet, "/", "", apitest.Header("Origin", "https://app.example.com"))
	if got := allowed.Header.Get("Access-Control-Allow-Origin"); got != "https://app.example.com" {
		t.Errorf("Access-Control-Allow-Origin %q for an allowed origin", got)
	}
}

// TestErrorCodes compares the error codes of the document with those of the program.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	doc, err := document.Load()
	if err != nil {
		t.Fatal(err)
	}
	documented := map[errs.Code]bool{}
	for _, code := range doc.Components.Schemas["ErrorCode"].Value.Enum {
		documented[errs.Code(code.(string))] = true
	}
	for _, code := range errs.Codes() {
		if !documented[code] {
			t.Errorf("the document lacks %s", code)
		}
		delete(documented, code)
		if code.Title() == "" || code.Status() < 400 {
			t.Errorf("%s has no title or no status", code)
		}
	}
	for code := range documented {
		t.Errorf("the program lacks %s", code)
	}
}

func TestKeySet(t *testing.T) {
	t.Parallel()
	const path = "/.well-known/jwks.json"
	apitest.New(t, store.SQLite).Do(t, http.MethodGet, path, "").WantCode(t, 404, "not_found")

	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := apitest.New(t, store.SQLite, func(c *config.Config) { c.SigningKeys = config.Hide([]any{private}) })
	reply := a.Do(t, http.MethodGet, path, "").Want(t, 200)
	if got := reply.Header.Get("Cache-Control"); got != "public, max-age=300" {
		t.Errorf("Cache-Control %q", got)
	}
	key := apitest.Decode[api.KeySet](t, reply).Keys[0]
	verifies, err := base64.RawURLEncoding.DecodeString(*key.X)
	if err != nil || !public.Equal(ed25519.PublicKey(verifies)) {
		t.Fatalf("%v, want the public key of the settings", key)
	}

	// Clients can verify a token with the key set alone.
	admin := a.Actor(t, access.Admin)
	admin.Do(t, http.MethodGet, "/api/v1/auth/me", "").Want(t, 200)
	dot := strings.LastIndexByte(admin.AccessToken, '.')
	signed, signature := admin.AccessToken[:dot], admin.AccessToken[dot+1:]
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !ed25519.Verify(verifies, []byte(signed), raw) {
		t.Error("the key set doesn't verify the token")
	}
	header, err := base64.RawURLEncoding.DecodeString(strings.SplitN(signed, ".", 2)[0])
	if err != nil || !strings.Contains(string(header), key.Kid) {
		t.Errorf("the token's header %s doesn't name the key %s", header, key.Kid)
	}
}

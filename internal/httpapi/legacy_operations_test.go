package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
)

// wantDeprecated fails the test unless a reply has the three headers of a deprecated path and names
// its successor.
func wantDeprecated(t *testing.T, what string, header http.Header, successor string) {
	t.Helper()
	if got := header.Get("Deprecation"); got != "@1796083200" {
		t.Errorf("%s: Deprecation %q", what, got)
	}
	if got := header.Get("Sunset"); got != "Fri, 31 Dec 2027 23:59:59 GMT" {
		t.Errorf("%s: Sunset %q", what, got)
	}
	if got := strings.Join(header.Values("Link"), ", "); !strings.Contains(got, "<"+successor+`>; rel="successor-version"`) {
		t.Errorf("%s: Link %q, want the successor %s", what, got, successor)
	}
}

// TestEveryAliasIsTheSameOperation calls every operation under /auth and /org by both paths,
// without a token and as an admin who asks for missing resources. Status and code have to be equal,
// and only the old path is deprecated.
func TestEveryAliasIsTheSameOperation(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	operations := apitest.Operations(t)
	aliased := 0
	for _, op := range operations {
		rest, found := strings.CutPrefix(op.Path, "/api/v1/")
		if !found || !strings.HasPrefix(rest, "auth/") && !strings.HasPrefix(rest, "org/") {
			continue
		}
		aliased++
		path := strings.ReplaceAll(op.Path, "{id}", uuid.Must(uuid.NewV7()).String())
		alias := "/api/" + strings.TrimPrefix(path, "/api/v1/")
		body := ""
		if op.Spec.RequestBody != nil {
			body = `{"no_such_field":1}`
		}
		admin := a.Actor(t, access.Admin)
		for who, do := range map[string]func(path string) apitest.Reply{
			"a stranger": func(path string) apitest.Reply { return a.Do(t, op.Method, path, body) },
			"an admin":   func(path string) apitest.Reply { return admin.Do(t, op.Method, path, body) },
		} {
			if op.ID == "logout" && who == "an admin" {
				continue // the session has ended before the second call
			}
			fresh, legacy := do(path), do(alias)
			what := who + ": " + op.Method + " " + alias
			if fresh.Status != legacy.Status || fresh.Header.Get("Content-Type") != legacy.Header.Get("Content-Type") {
				t.Errorf("%s: status %d, want %d as of %s", what, legacy.Status, fresh.Status, path)
			}
			wantDeprecated(t, what, legacy.Header, path)
			if fresh.Header.Get("Deprecation") != "" || fresh.Header.Get("Sunset") != "" || strings.Contains(strings.Join(fresh.Header.Values("Link"), ""), "successor-version") {
				t.Errorf("%s %s is deprecated: %v", op.Method, path, fresh.Header)
			}
		}
	}
	if aliased < 20 {
		t.Errorf("only %d operations have an alias", aliased)
	}
}

func TestErrorsOfAliasesAreDeprecatedToo(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	admin := a.Actor(t, access.Admin)
	for _, tc := range []struct {
		method, path, successor string
		status                  int
	}{
		{http.MethodGet, "/api/org/companies", "/api/v1/org/companies", 200},
		{http.MethodGet, "/api/org/nothing", "/api/v1/org/nothing", 404},
		{http.MethodGet, "/api/org/companies/", "/api/v1/org/companies/", 404},
		{http.MethodGet, "/api/org/c%6Fmpanies", "", 0},
		{http.MethodPatch, "/api/org/companies", "/api/v1/org/companies", 405},
		{http.MethodPost, "/api/org/companies", "/api/v1/org/companies", 415},
		{http.MethodGet, "/api/auth/login", "/api/v1/auth/login", 405},
	} {
		var headers []apitest.Option
		if tc.status == 415 {
			headers = append(headers, apitest.Header("Content-Type", "text/plain"))
		}
		body := ""
		if tc.status == 415 {
			body = "{}"
		}
		reply := admin.Do(t, tc.method, tc.path, body, headers...)
		if tc.status != 0 && reply.Status != tc.status {
			t.Errorf("%s %s: status %d, want %d", tc.method, tc.path, reply.Status, tc.status)
		}
		successor := tc.successor
		if successor == "" {
			successor = "/api/v1/" + strings.TrimPrefix(tc.path, "/api/") // with its escapes
		}
		wantDeprecated(t, tc.method+" "+tc.path, reply.Header, successor)
	}
	// Without a token, too.
	reply := a.Do(t, http.MethodGet, "/api/org/companies", "")
	if reply.Status != 401 {
		t.Errorf("status %d, want 401", reply.Status)
	}
	wantDeprecated(t, "without a token", reply.Header, "/api/v1/org/companies")
}

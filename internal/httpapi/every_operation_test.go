package httpapi_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

const companiesPath = "/api/v1/org/companies"

// attempt returns a request for an operation: the document's example for one resource.
func attempt(op access.Operation, id uuid.UUID) (method, path, body string) {
	path = op.Address(id.String())
	if op.Spec.RequestBody != nil {
		example, err := json.Marshal(op.Spec.RequestBody.Value.Content["application/json"].Example)
		if err != nil {
			panic(err)
		}
		body = string(example)
	}
	return op.Method, path, body
}

func documents(op access.Operation, status string) bool {
	return op.Spec.Responses.Value(status) != nil
}

func TestEveryOperationRefusesUndocumentedInput(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		// The superuser may call every operation.
		caller := a.Superuser(t)
		company := a.Company(t, access.PlatformTenantID)
		before := snapshot(t, a)
		for _, op := range apitest.Operations(t) {
			t.Run(op.ID, func(t *testing.T) {
				method, path, body := attempt(op, company.ID)
				if documents(op, "406") {
					caller.Do(t, method, path, body, apitest.Header("Accept", "application/xml")).WantCode(t, 406, "not_acceptable")
				}
				reply := caller.Do(t, method, path+"?nonsense=1", body)
				reply.WantCode(t, 422, "validation_failed")
				reply.WantField(t, "nonsense", "unknown")
				if op.RequiredRole != access.Anon {
					a.Do(t, method, path, body, apitest.Header("Authorization", "Basic YTpi")).WantCode(t, 401, "unauthenticated")
				}
				if op.Spec.RequestBody != nil {
					caller.Do(t, method, path, body[:len(body)-1]).WantCode(t, 400, "malformed_json")
					caller.Do(t, method, path, body, apitest.Header("Content-Type", "text/plain")).WantCode(t, 415, "unsupported_media_type")
					packed := caller.Do(t, method, path, body, apitest.Header("Content-Encoding", "gzip"))
					packed.WantCode(t, 415, "unsupported_media_type")
					if got := packed.Header.Get("Accept-Encoding"); got != "identity" {
						t.Errorf("Accept-Encoding %q, want identity", got)
					}
					large := `{"name":"` + strings.Repeat("x", 2<<20) + `"}`
					caller.Do(t, method, path, large).WantCode(t, 413, "body_too_large")
				}
			})
		}
		if after := snapshot(t, a); after != before {
			t.Errorf("refused requests changed the organisation:\n%s\nwere\n%s", after, before)
		}
	})
}

// withoutVariables returns a problem without the fields that differ between equal requests.
func withoutVariables(t *testing.T, r apitest.Reply) api.Problem {
	t.Helper()
	p := apitest.Decode[api.Problem](t, r.Want(t, 404))
	p.Instance, p.RequestID = "", ""
	return p
}

// snapshot returns all rows of the described resources, as text.
func snapshot(t *testing.T, a *apitest.App) string {
	t.Helper()
	var all []string
	for _, r := range storetest.Resources(t) {
		all = append(all, a.Texts(t, "SELECT id, "+r.Label+", version FROM "+r.Plural)...)
	}
	return strings.Join(all, "\n")
}

func TestDatabaseFaults(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		company := a.Company(t, admin.User.TenantID)
		withDatabase := slices.DeleteFunc(apitest.Operations(t), func(op access.Operation) bool { return !documents(op, "500") })

		a.Exec(t, "DROP TABLE sessions")
		a.Exec(t, "ALTER TABLE users RENAME TO former_users") // foreign keys prevent dropping it
		for _, op := range withDatabase {
			method, path, body := attempt(op, company.ID)
			if op.ID == "refresh" {
				body = `{"refresh_token":"` + admin.RefreshToken + `"}`
			}
			problem := admin.Do(t, method, path, body).WantCode(t, 500, "internal")
			if strings.Contains(problem.Detail, "users") || strings.Contains(problem.Detail, "sessions") {
				t.Errorf("%s names a table in its detail: %s", op.ID, problem.Detail)
			}
		}
		a.Do(t, http.MethodGet, "/api/health", "").Want(t, 200)

		a.Store.Close()
		a.Clock.Advance(time.Second) // until then the cached state is reported
		for _, op := range withDatabase {
			method, path, body := attempt(op, company.ID)
			if op.ID == "refresh" {
				body = `{"refresh_token":"` + admin.RefreshToken + `"}`
			}
			reply := admin.Do(t, method, path, body)
			reply.WantCode(t, 503, "unavailable")
			if reply.Header.Get("Retry-After") == "" {
				t.Errorf("%s: 503 without Retry-After", op.ID)
			}
		}
		a.Do(t, http.MethodGet, "/api/health", "").Want(t, 503)
		a.Do(t, http.MethodGet, "/api/healthz", "").Want(t, 200)
	})
}

func TestRoleChangeCountsAtOnce(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		admin.Do(t, http.MethodPost, companiesPath, `{"code":"A","name":"A"}`).Want(t, 201)
		a.Exec(t, "UPDATE users SET role = 'viewer' WHERE id = '"+admin.User.ID.String()+"'")
		admin.Do(t, http.MethodPost, companiesPath, `{"code":"B","name":"B"}`).WantCode(t, 403, "forbidden")
	})
}

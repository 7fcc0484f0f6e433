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
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/document"
)

// operations are those of the document, and in the document's own order: a new one is tested here without a new line.
func operations(t *testing.T) []access.Operation {
	t.Helper()
	doc, err := document.Load()
	if err != nil {
		t.Fatal(err)
	}
	list, err := access.Operations(doc)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// attempt is a request for an operation: the document's own example, about one resource.
func attempt(op access.Operation, id uuid.UUID) (method, path, body string) {
	path = strings.ReplaceAll(op.Path, "{id}", id.String())
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

// below is a role that isn't enough for another one; "" if every role is.
func below(required access.Role) access.Role {
	switch required {
	case access.Admin:
		return access.User
	case access.User:
		return access.Viewer
	case access.Superuser:
		return access.Admin
	default:
		return ""
	}
}

func TestEveryOperation(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		own := a.Company(t, admin.User.TenantID)
		before := snapshot(t, a)
		for _, op := range operations(t) {
			t.Run(op.ID, func(t *testing.T) {
				method, path, body := attempt(op, own.ID)
				if op.RequiredRole != access.Anon {
					refusesStrangers(t, a, admin, method, path, body)
				}
				if role := below(op.RequiredRole); role != "" {
					problem := a.ActorIn(t, admin.User.TenantID, role).Do(t, method, path, body).WantCode(t, 403, "forbidden")
					isWrittenDown(t, a, op, admin.User.TenantID, problem)
				}
				if op.TenantBound {
					other := a.Tenant(t)
					problem := admin.Do(t, method, path+"?tenant_id="+other.ID.String(), body).WantCode(t, 404, "not_found")
					isWrittenDown(t, a, op, admin.User.TenantID, problem)
					admin.Do(t, method, path+"?tenant_id="+uuid.NewString(), body).WantCode(t, 404, "not_found")
					admin.Do(t, method, path+"?tenant_id=nonsense", body).WantCode(t, 422, "validation_failed")
					admin.Do(t, method, path+"?tenant_id="+admin.User.TenantID.String()+"&tenant_id="+other.ID.String(), body).WantCode(t, 422, "validation_failed")
				}
				if documents(op, "406") {
					admin.Do(t, method, path, body, apitest.Header("Accept", "application/xml")).WantCode(t, 406, "not_acceptable")
				}
				reply := admin.Do(t, method, path+"?nonsense=1", body)
				reply.WantCode(t, 422, "validation_failed")
				reply.WantField(t, "nonsense", "unknown")
				if op.Spec.RequestBody != nil {
					admin.Do(t, method, path, body[:len(body)-1]).WantCode(t, 400, "malformed_json")
					admin.Do(t, method, path, body, apitest.Header("Content-Type", "text/plain")).WantCode(t, 415, "unsupported_media_type")
					admin.Do(t, method, path, body, apitest.Header("Content-Encoding", "gzip")).WantCode(t, 415, "unsupported_media_type")
					large := `{"name":"` + strings.Repeat("x", 2<<20) + `"}`
					admin.Do(t, method, path, large).WantCode(t, 413, "body_too_large")
				}
			})
		}
		// Nobody got in, so nothing has changed but who logged in on the way.
		if after := snapshot(t, a); after != before {
			t.Errorf("refused requests changed the organisation:\n%s\nwere\n%s", after, before)
		}
	})
}

// isWrittenDown looks for the entry that says who was refused.
func isWrittenDown(t *testing.T, a *apitest.App, op access.Operation, tenantID uuid.UUID, problem api.Problem) {
	t.Helper()
	action := op.AuditAction
	if action == access.NoAuditAction {
		action = audit.AccessDenied
	}
	for _, e := range a.AuditEntries(t, tenantID, action) {
		if e.RequestID == problem.RequestID && e.Outcome == "denied" && e.Reason == "forbidden" && e.ActorID != "" {
			return
		}
	}
	t.Errorf("the trail has no entry %s that says who was refused with %d", action, problem.Status)
}

// refusesStrangers tries all that isn't an access token of someone who may work now.
func refusesStrangers(t *testing.T, a *apitest.App, admin *apitest.Actor, method, path, body string) {
	t.Helper()
	bearer := func(token string) apitest.Option { return apitest.Header("Authorization", "Bearer "+token) }
	a.Do(t, method, path, body).WantCode(t, 401, "unauthenticated")
	a.Do(t, method, path, body, apitest.Header("Authorization", "Basic YTpi")).WantCode(t, 401, "unauthenticated")
	a.Do(t, method, path, body, bearer("garbage")).WantCode(t, 401, "invalid_token")
	a.Do(t, method, path, body, bearer(admin.RefreshToken)).WantCode(t, 401, "invalid_token")
	a.Do(t, method, path, body, bearer(unsigned(admin.AccessToken))).WantCode(t, 401, "invalid_token")

	out := a.ActorIn(t, admin.User.TenantID, access.Admin)
	out.Do(t, http.MethodPost, "/api/v1/auth/logout", "").Want(t, 204)
	out.Do(t, method, path, body).WantCode(t, 401, "session_ended")

	inactive := a.ActorIn(t, admin.User.TenantID, access.Admin)
	a.Exec(t, "UPDATE users SET is_active = false WHERE id = '"+inactive.User.ID.String()+"'")
	inactive.Do(t, method, path, body).WantCode(t, 401, "session_ended")

	suspended := a.Actor(t, access.Admin)
	a.Exec(t, "UPDATE tenants SET status = 'suspended' WHERE id = '"+suspended.User.TenantID.String()+"'")
	suspended.Do(t, method, path, body).WantCode(t, 403, "tenant_suspended")
}

// snapshot is all companies, branches and departments, as text.
func snapshot(t *testing.T, a *apitest.App) string {
	t.Helper()
	rows, err := a.Database(t).QueryContext(t.Context(), `
		SELECT id, code, name, version FROM companies
		UNION ALL SELECT id, code, name, version FROM branches
		UNION ALL SELECT id, code, name, version FROM departments
		ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var id, code, name, version string
		if err := rows.Scan(&id, &code, &name, &version); err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Join([]string{id, code, name, version}, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

func TestExpiredTokenIsRefusedEverywhere(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		company := a.Company(t, admin.User.TenantID)
		a.Clock.Advance(31 * time.Minute)
		for _, op := range operations(t) {
			if op.RequiredRole == access.Anon {
				continue
			}
			method, path, body := attempt(op, company.ID)
			admin.Do(t, method, path, body).WantCode(t, 401, "token_expired")
		}
	})
}

func TestDatabaseFaults(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		company := a.Company(t, admin.User.TenantID)
		withDatabase := slices.DeleteFunc(operations(t), func(op access.Operation) bool { return !documents(op, "500") })

		a.Exec(t, "DROP TABLE sessions")
		a.Exec(t, "ALTER TABLE users RENAME TO former_users") // what refers to it keeps it from being dropped
		for _, op := range withDatabase {
			method, path, body := attempt(op, company.ID)
			if op.ID == "refresh" {
				body = `{"refresh_token":"` + admin.RefreshToken + `"}`
			}
			problem := admin.Do(t, method, path, body).WantCode(t, 500, "internal")
			if strings.Contains(problem.Detail, "users") || strings.Contains(problem.Detail, "sessions") {
				t.Errorf("%s tells strangers about tables: %s", op.ID, problem.Detail)
			}
		}
		a.Do(t, http.MethodGet, "/api/health", "").Want(t, 200)

		a.Store.Close()
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

func TestRoles(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		tenant := a.Tenant(t)
		company := a.Company(t, tenant.ID)
		for _, role := range []access.Role{access.Viewer, access.User, access.Admin} {
			actor := a.ActorIn(t, tenant.ID, role)
			actor.Do(t, http.MethodGet, companiesPath, "").Want(t, 200)
			actor.Do(t, http.MethodGet, companiesPath+"/"+company.ID.String(), "").Want(t, 200)
		}
	})
	t.Run("demoted", func(t *testing.T) {
		t.Parallel()
		apitest.Each(t, func(t *testing.T, a *apitest.App) {
			admin := a.Actor(t, access.Admin)
			admin.Do(t, http.MethodPost, companiesPath, `{"code":"A","name":"A"}`).Want(t, 201)
			a.Exec(t, "UPDATE users SET role = 'viewer' WHERE id = '"+admin.User.ID.String()+"'")
			admin.Do(t, http.MethodPost, companiesPath, `{"code":"B","name":"B"}`).WantCode(t, 403, "forbidden")
		})
	})
	t.Run("superuser flag, whatever the role", func(t *testing.T) {
		t.Parallel()
		apitest.Each(t, func(t *testing.T, a *apitest.App) {
			user := a.User(t, access.PlatformTenantID, access.Viewer, func(u *db.User) { u.IsSuperuser = true })
			a.Login(t, user).Do(t, http.MethodPost, companiesPath, `{"code":"A","name":"A"}`).Want(t, 201)
		})
	})
}

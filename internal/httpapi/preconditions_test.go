package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// tagged is a resource with an entity tag, and all its operations.
type tagged struct {
	readAt     string // path of the GET with its tag
	operations map[string]access.Operation
	id         uuid.UUID
}

// everythingTagged returns one resource of each kind, which the superuser may change.
func everythingTagged(t *testing.T, a *apitest.App, super *apitest.Actor) map[string]tagged {
	t.Helper()
	family, all := a.Family(access.PlatformTenantID), map[string]tagged{}
	for _, op := range apitest.Operations(t) {
		if !hasHeader(op, "If-Match") {
			continue
		}
		kind := op.Entity
		if kind == "" {
			kind = op.Path
		}
		if _, known := all[kind]; !known {
			one := tagged{operations: map[string]access.Operation{}}
			switch kind {
			case mePath:
				one.id, one.readAt = super.User.ID, userPath(super.User.ID)
			case ownTenantPath:
				one.id, one.readAt = access.PlatformTenantID, ownTenantPath
			default:
				one.id = uuid.MustParse(family.Add(t, kind, apitest.RequiredFields))
				one.readAt = strings.TrimSuffix(op.Address(one.id.String()), op.Path[strings.Index(op.Path, "{id}")+len("{id}"):])
			}
			all[kind] = one
		}
		all[kind].operations[op.ID] = op
	}
	return all
}

func hasHeader(op access.Operation, name string) bool {
	return slices.ContainsFunc(op.Parameters, func(p *openapi3.Parameter) bool { return p.In == openapi3.ParameterInHeader && p.Name == name })
}

// lines sets a header with several lines.
func lines(name string, values ...string) apitest.Option {
	return func(r *http.Request) { r.Header[name] = values }
}

func TestStalePreconditionsChangeNothing(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super := a.Superuser(t)
		all := everythingTagged(t, a, super)
		before := versions(t, a)
		for kind, r := range all {
			tag := super.Do(t, http.MethodGet, r.readAt, "").Want(t, 200).Header.Get("ETag")
			version, rest, _ := strings.Cut(tag, "-")
			stale := map[string][]apitest.Option{
				"another version":               {lines("If-Match", `"999"`)},
				"another row":                   {lines("If-Match", version+`-000000000000-`+rest[13:])},
				"a weak tag":                    {lines("If-Match", "W/"+tag)},
				"no tag":                        {lines("If-Match", "nonsense")},
				"nothing":                       {lines("If-Match", "")},
				"a tag with a comma":            {lines("If-Match", `"x,`+tag[1:])},
				"several lines":                 {lines("If-Match", `"998"`, `"999"`)},
				"with a matching If-None-Match": {lines("If-Match", `"999"`), lines("If-None-Match", tag)},
				"with another If-None-Match":    {lines("If-Match", `"999"`), lines("If-None-Match", `"x"`)},
			}
			for id, op := range r.operations {
				t.Run(kind+" "+id, func(t *testing.T) {
					method, path, body := attempt(op, r.id)
					if op.ID == "deleteTenant" {
						path += "?confirm_code=X"
					}
					for name, options := range stale {
						if got := super.Do(t, method, path, body, options...); got.Status != 412 {
							t.Errorf("If-Match with %s: %d, want 412: %s", name, got.Status, got.Body)
						}
					}
					want, unwanted := 304, map[string][]apitest.Option{
						"anything":                    {lines("If-None-Match", "*")},
						"the tag":                     {lines("If-None-Match", tag)},
						"a weak tag":                  {lines("If-None-Match", `"x"`, "W/"+tag)},
						"the tag in both headers":     {lines("If-Match", tag), lines("If-None-Match", tag)},
						"an asterisk in both headers": {lines("If-Match", "*"), lines("If-None-Match", "*")},
					}
					if method != http.MethodGet {
						want = 412
						unwanted["the version"] = []apitest.Option{lines("If-None-Match", version+`"`)}
						unwanted["nonsense"] = []apitest.Option{lines("If-None-Match", "nonsense")}
					}
					for name, options := range unwanted {
						if got := super.Do(t, method, path, body, options...); got.Status != want {
							t.Errorf("If-None-Match with %s: %d, want %d: %s", name, got.Status, want, got.Body)
						}
					}
				})
			}
		}
		if after := versions(t, a); after != before {
			t.Errorf("refused requests changed rows:\n%s\nwere\n%s", after, before)
		}
	})
}

func TestFulfilledPreconditionsPass(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super := a.Superuser(t)
		for kind, r := range everythingTagged(t, a, super) {
			tag := super.Do(t, http.MethodGet, r.readAt, "").Want(t, 200).Header.Get("ETag")
			version, rest, _ := strings.Cut(tag, "-")
			for id, op := range r.operations {
				method, path, _ := attempt(op, r.id)
				if method != http.MethodGet && method != http.MethodPut {
					continue
				}
				body := map[string]string{http.MethodPut: "{}"}[method]
				for name, options := range map[string][]apitest.Option{
					"the tag":         {lines("If-Match", tag)},
					"the version":     {lines("If-Match", version+`"`)},
					"anything":        {lines("If-Match", "*")},
					"another content": {lines("If-Match", version+"-"+rest[:12]+`-0000000000000000"`)},
					"several lines":   {lines("If-Match", `W/"x"`, `"y,z", `+tag)},
					"something else":  {lines("If-None-Match", `"x"`)},
					"the tag, and another one in If-None-Match": {lines("If-Match", tag), lines("If-None-Match", `"999"`)},
					"no modification": {lines("If-Unmodified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"), lines("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")},
				} {
					if got := super.Do(t, method, path, body, options...); got.Status != 200 || got.Header.Get("ETag") != tag {
						t.Errorf("%s, %s with %s: %d %s, want 200 with %s", kind, id, name, got.Status, got.Header.Get("ETag"), tag)
					}
				}
			}
		}
	})
}

func TestOperationsWithoutATagRefusePreconditions(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super := a.Superuser(t)
		before := versions(t, a)
		for _, op := range apitest.Operations(t) {
			if hasHeader(op, "If-Match") {
				continue
			}
			method, path, body := attempt(op, super.User.ID)
			refused := []apitest.Option{lines("If-Match", `"1"`), lines("If-Match", "*"), lines("If-None-Match", "*")}
			if method != http.MethodGet {
				refused = append(refused, lines("If-None-Match", `"1"`))
			}
			for _, option := range refused {
				if got := super.Do(t, method, path, body, option); got.Status != 422 || !strings.Contains(string(got.Body), `"parameter":"If-`) {
					t.Errorf("%s: %d, want 422 that names the header: %s", op.ID, got.Status, got.Body)
				}
			}
		}
		super.Do(t, http.MethodGet, companiesPath, "", lines("If-None-Match", `"1"`)).Want(t, 200)
		if after := versions(t, a); after != before {
			t.Errorf("refused requests changed rows:\n%s\nwere\n%s", after, before)
		}
	})
}

// versions returns the versions of all rows that have one, and the rows of password resets.
func versions(t *testing.T, a *apitest.App) string {
	t.Helper()
	all := a.Versions(t)
	if n := len(a.AuditEntries(t, access.PlatformTenantID, "user.password_reset")); n > 0 {
		all = append(all, "a password reset")
	}
	return strings.Join(all, "\n")
}

// Browsers cache replies by address. So two different bodies at one address must never have the
// same tag, whoever asks.
func TestTagsDifferBetweenRepresentations(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		first, second := a.Actor(t, access.Admin), a.Actor(t, access.Admin)
		super := a.Superuser(t)

		t.Run("of two tenants", func(t *testing.T) {
			theirs := first.Do(t, http.MethodGet, ownTenantPath, "").Want(t, 200)
			if got := theirs.Header.Values("Vary"); !slices.Contains(got, "Authorization") {
				t.Errorf("Vary %q, want Authorization in it", got)
			}
			tag := apitest.Header("If-None-Match", theirs.Header.Get("ETag"))
			own := apitest.Decode[api.Tenant](t, second.Do(t, http.MethodGet, ownTenantPath, "", tag).Want(t, 200))
			if own.ID != second.User.TenantID {
				t.Errorf("tenant %s, want %s", own.ID, second.User.TenantID)
			}
			super.Do(t, http.MethodGet, ownTenantPath+"?tenant_id="+own.ID.String(), "", tag).Want(t, 200)
			first.Do(t, http.MethodGet, ownTenantPath, "", tag).Want(t, 304)
		})
		t.Run("before and after a log-in", func(t *testing.T) {
			user := a.User(t, first.User.TenantID, access.User)
			before := first.Do(t, http.MethodGet, userPath(user.ID), "").Want(t, 200).Header.Get("ETag")
			a.Login(t, user)
			after := first.Do(t, http.MethodGet, userPath(user.ID), "", apitest.Header("If-None-Match", before)).Want(t, 200)
			if got := apitest.Decode[api.User](t, after); got.LastLoginAt == nil {
				t.Error("last_login_at is missing")
			}
			first.Do(t, http.MethodPut, userPath(user.ID), `{"phone":"1"}`, apitest.Header("If-Match", before)).Want(t, 200)
		})
	})
}

package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

// wantSmall fails the test unless a reply is small, lists the first errors and counts the others.
// places is a lower bound, because the document's example may have other errors in this
// application.
func wantSmall(t *testing.T, r apitest.Reply, places int) {
	t.Helper()
	const maxReply = 40 << 10
	p := r.WantCode(t, 422, "validation_failed")
	if p.MoreErrors == nil || len(p.Errors) != errs.MaxFields || len(p.Errors)+int(*p.MoreErrors) < places || len(r.Body) > maxReply {
		t.Errorf("%d places, %v more, in %d bytes; want %d places, %d or more in all, in at most %d bytes",
			len(p.Errors), p.MoreErrors, len(r.Body), errs.MaxFields, places, maxReply)
	}
}

func TestRepliesToManyErrorsAreSmall(t *testing.T) {
	t.Parallel()
	const many = 5000
	a := apitest.New(t, store.SQLite)
	caller := a.Superuser(t)
	company := a.Company(t, access.PlatformTenantID)
	var query, body strings.Builder
	for i := range many {
		fmt.Fprintf(&query, "&<%d", i)
		fmt.Fprintf(&body, `,"<%d":1`, i)
	}
	for _, op := range apitest.Operations(t) {
		t.Run(op.ID, func(t *testing.T) {
			method, path, example := attempt(op, company.ID)
			wantSmall(t, caller.Do(t, method, path+"?"+query.String(), example), many)
			if op.Spec.RequestBody != nil {
				wantSmall(t, caller.Do(t, method, path, strings.TrimSuffix(example, "}")+body.String()+"}"), many)
			}
		})
	}
}

func TestTooLongQueryIsRefused(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		caller := a.Superuser(t)
		company := a.Company(t, access.PlatformTenantID)
		before := snapshot(t, a)
		for _, op := range apitest.Operations(t) {
			for name, query := range map[string]string{
				"too many parameters": strings.Repeat("&a", 10_001), "invalid escape": "&a=%zz", "incomplete escape": "&a=%4", "a semicolon": "&a;b",
			} {
				method, path, body := attempt(op, company.ID)
				reply := caller.Do(t, method, path+"?dry_run=true&tenant_id="+company.TenantID.String()+query, body)
				reply.WantCode(t, 422, "validation_failed")
				reply.WantField(t, "query", "syntax")
				if t.Failed() {
					t.Fatalf("%s with %s", op.ID, name)
				}
			}
		}
		if after := snapshot(t, a); after != before {
			t.Errorf("refused requests changed the organisation:\n%s\nwere\n%s", after, before)
		}
	})
}

func TestLongTextsOfARequestAreNotRepeated(t *testing.T) {
	t.Parallel()
	const maxReply = 8 << 10
	a := apitest.New(t, store.SQLite)
	caller := a.Superuser(t)
	company := companiesPath + "/" + a.Company(t, access.PlatformTenantID).ID.String()
	long := strings.Repeat("&", 50_000)
	for name, send := range map[string]func() apitest.Reply{
		"path of nothing":    func() apitest.Reply { return caller.Do(t, http.MethodGet, "/"+long, "") },
		"id":                 func() apitest.Reply { return caller.Do(t, http.MethodGet, companiesPath+"/"+long, "") },
		"id, by an old path": func() apitest.Reply { return caller.Do(t, http.MethodGet, "/api/org/companies/"+long, "") },
		"parameter": func() apitest.Reply {
			return caller.Do(t, http.MethodGet, companiesPath+"?"+url.QueryEscape(long)[:60_000], "")
		},
		"value": func() apitest.Reply {
			return caller.Do(t, http.MethodGet, companiesPath+"?cursor="+long[:1]+"sort="+long, "")
		},
		"If-Match": func() apitest.Reply {
			return caller.Do(t, http.MethodPut, company, "{}", apitest.Header("If-Match", long))
		},
		"Accept": func() apitest.Reply {
			return caller.Do(t, http.MethodGet, companiesPath, "", apitest.Header("Accept", long))
		},
		"token": func() apitest.Reply {
			return a.Do(t, http.MethodGet, companiesPath, "", apitest.Header("Authorization", "Bearer "+long))
		},
		"request id": func() apitest.Reply {
			return a.Do(t, http.MethodGet, companiesPath, "", apitest.Header("X-Request-Id", long))
		},
		"media type": func() apitest.Reply {
			return caller.Do(t, http.MethodPut, company, "{}", apitest.Header("Content-Type", long))
		},
		"field":              func() apitest.Reply { return caller.Do(t, http.MethodPut, company, `{"`+long+`":1}`) },
		"field, twice":       func() apitest.Reply { return caller.Do(t, http.MethodPut, company, `{"`+long+`":1,"`+long+`":1}`) },
		"field, cut off":     func() apitest.Reply { return caller.Do(t, http.MethodPut, company, `{"`+long+`":`) },
		"body of one string": func() apitest.Reply { return caller.Do(t, http.MethodPut, company, `"`+long+`"`) },
	} {
		t.Run(name, func(t *testing.T) {
			reply := send()
			size := len(reply.Body)
			for header, values := range reply.Header {
				size += len(header) + len(strings.Join(values, ""))
			}
			if apitest.Decode[api.Problem](t, reply).Code == "" || size > maxReply {
				t.Errorf("status %d, %d bytes, want a problem of at most %d", reply.Status, size, maxReply)
			}
		})
	}
}

func TestPathIsUnescapedOnce(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite)
	admin := a.Actor(t, access.Admin)
	id := a.Company(t, admin.User.TenantID).ID.String()
	first := fmt.Sprintf("%%%x", id[0])
	admin.Do(t, http.MethodGet, companiesPath+"/"+first+id[1:], "").Want(t, 200)
	admin.Do(t, http.MethodGet, companiesPath+"/"+url.PathEscape(first)+id[1:], "").WantField(t, "id", "format")
}

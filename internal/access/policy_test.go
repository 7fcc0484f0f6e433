package access_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// policy is the role that each area of the API requires; the first match applies. The roles of
// described resources are in sql/resources. The policy is independent of the document, because a
// wrong role in the document would be enforced by the program and expected by all other tests.
var policy = []area{
	{`/api/v1/auth/(login|refresh|password/reset)$`, "", access.Anon},
	{`/api/v1/auth/me$`, access.Any, access.User},
	{`/api/v1/auth/`, access.Any, access.Any},
	{`/api/v1/users/\{id\}/sessions$`, access.Admin, access.Admin},
	{`/api/v1/org/tree$`, access.Viewer, ""},
	{`/api/v1/users(/|$)`, access.Viewer, access.Admin},
	{`/api/v1/audit/`, access.Admin, access.Admin},
	{`/api/v1/tenant(/|$)`, access.Admin, access.Admin},
	{`/api/v1/tenants(/|$)`, access.Superuser, access.Superuser},
	{`/api/v1/system/deprecations$`, access.Superuser, ""},
	{`(/$|/metrics$|/\.well-known/|/api/(health|healthz|system/info|openapi\.json|openapi\.yaml)$)`, access.Anon, ""},
	{`(/api/(docs|redoc|assets/\{name\})$|/errors(/\{code\})?$)`, access.Anon, ""},
}

// area is a part of the API.
type area struct {
	path            string // prefix of the path
	reading, change access.Role
}

// operations returns the operations of the document.
func operations(t *testing.T) []access.Operation {
	t.Helper()
	doc, err := document.Shared()
	if err != nil {
		t.Fatal(err)
	}
	list, err := access.Operations(doc)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestDocumentKeepsToThePolicy(t *testing.T) {
	t.Parallel()
	areas := policy
	for _, r := range storetest.Resources(t) {
		path := "/api/v1" + r.Path + `(/\{id\})?$`
		areas = slices.Insert(slices.Clone(areas), 0, area{path, access.Role(r.Read), access.Role(r.Write)})
	}
	for _, op := range operations(t) {
		want := access.Role("")
		for _, p := range areas {
			if !regexp.MustCompile("^" + p.path).MatchString(op.Path) {
				continue
			}
			if want = p.change; op.Method == http.MethodGet {
				want = p.reading
			}
			break
		}
		if op.RequiredRole != want {
			t.Errorf("%s %s requires the role %q, but the policy requires %q", op.Method, op.Path, op.RequiredRole, want)
		}
		// Data of a tenant is selected by the tenant that the request acts in, data of a user by
		// the user.
		personal := strings.HasPrefix(op.Path, "/api/v1/auth/") || want == access.Superuser || want == access.Anon
		if op.TenantBound == personal {
			t.Errorf("%s %s: tenant_id is a parameter of it: %t", op.Method, op.Path, op.TenantBound)
		}
	}
}

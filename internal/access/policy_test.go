package access_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/document"
)

// policy says which role each area of the API requires; the first line that fits counts. It is written down once more
// here, apart from the document, because the document's roles are what the program enforces and what all other tests go by:
// one that is wrong there is wrong everywhere.
var policy = []struct {
	path            string // from the beginning
	reading, change access.Role
}{
	{`/api/v1/auth/(login|refresh|password/reset)$`, "", access.Anon},
	{`/api/v1/auth/me$`, access.Any, access.User},
	{`/api/v1/auth/`, access.Any, access.Any},
	{`/api/v1/users/\{id\}/sessions$`, access.Admin, access.Admin},
	{`/api/v1/(org|users)(/|$)`, access.Viewer, access.Admin},
	{`/api/v1/audit/`, access.Admin, access.Admin},
	{`/api/v1/tenant(/|$)`, access.Admin, access.Admin},
	{`/api/v1/tenants(/|$)`, access.Superuser, access.Superuser},
	{`/api/v1/system/deprecations$`, access.Superuser, ""},
	{`(/$|/metrics$|/\.well-known/|/api/(health|healthz|system/info|openapi\.json|openapi\.yaml)$)`, access.Anon, ""},
	{`(/api/(docs|redoc|assets/\{name\})$|/errors(/\{code\})?$)`, access.Anon, ""},
}

// operations are those of the document.
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
	for _, op := range operations(t) {
		want := access.Role("")
		for _, p := range policy {
			if !regexp.MustCompile("^" + p.path).MatchString(op.Path) {
				continue
			}
			if want = p.change; op.Method == http.MethodGet {
				want = p.reading
			}
			break
		}
		if op.RequiredRole != want {
			t.Errorf("%s %s requires the role %q, and by the policy it is %q", op.Method, op.Path, op.RequiredRole, want)
		}
		// What belongs to a tenant is found by the tenant that the request acts in; what belongs to a person, by the person.
		personal := strings.HasPrefix(op.Path, "/api/v1/auth/") || want == access.Superuser || want == access.Anon
		if op.TenantBound == personal {
			t.Errorf("%s %s: tenant_id is a parameter of it: %t", op.Method, op.Path, op.TenantBound)
		}
	}
}

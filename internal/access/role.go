// Package access has the principal and data of a request, and the access rules in the OpenAPI
// document.
package access

import "fmt"

// Role is required by an operation, or assigned to a user.
type Role string

// The roles, in ascending order. Anon and Any are only used as requirements.
const (
	Anon      Role = "anon"   // no authentication
	Any       Role = "any"    // any authenticated user
	Viewer    Role = "viewer" // reads the data of the tenant
	User      Role = "user"   // also changes their own profile
	Admin     Role = "admin"  // changes everything in the tenant
	Superuser Role = "superuser"
)

var ranks = map[Role]int{Anon: 0, Any: 1, Viewer: 1, User: 2, Admin: 3, Superuser: 4}

// ParseRole returns the role with that name, or an error.
func ParseRole(s string) (Role, error) {
	if _, ok := ranks[Role(s)]; !ok {
		return "", fmt.Errorf("unknown role %q", s)
	}
	return Role(s), nil
}

// Satisfies reports whether role r permits what requires the other role. An unknown role permits
// nothing.
func (r Role) Satisfies(required Role) bool {
	have, known := ranks[r]
	need, valid := ranks[required]
	return known && valid && have >= need
}

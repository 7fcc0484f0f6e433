// Package access says who asks, in which tenant, and what the document lets them do.
package access

import "fmt"

// Role is what an operation requires, or what a user may do in their tenant.
type Role string

// The roles, from the one that allows least. Anon and Any only occur as requirements.
const (
	Anon      Role = "anon"   // no log-in needed
	Any       Role = "any"    // any logged-in person
	Viewer    Role = "viewer" // reads the organisation
	User      Role = "user"   // also changes their own profile
	Admin     Role = "admin"  // changes everything in their tenant
	Superuser Role = "superuser"
)

var ranks = map[Role]int{Anon: 0, Any: 1, Viewer: 1, User: 2, Admin: 3, Superuser: 4}

// ParseRole returns an error for anything but the roles above.
func ParseRole(s string) (Role, error) {
	if _, ok := ranks[Role(s)]; !ok {
		return "", fmt.Errorf("unknown role %q", s)
	}
	return Role(s), nil
}

// Satisfies reports whether someone with role r may do what requires the other one. An unknown role satisfies nothing.
func (r Role) Satisfies(required Role) bool {
	have, known := ranks[r]
	need, valid := ranks[required]
	return known && valid && have >= need
}

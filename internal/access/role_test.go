package access_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/access"
)

func TestRoleSatisfies(t *testing.T) {
	t.Parallel()
	requirements := []access.Role{access.Anon, access.Any, access.Viewer, access.User, access.Admin, access.Superuser, "unknown", ""}
	for role, allowed := range map[access.Role][]bool{
		//                anon   any    viewer user   admin  super  unknown, none
		access.Anon:      {true, false, false, false, false, false, false, false},
		access.Viewer:    {true, true, true, false, false, false, false, false},
		access.User:      {true, true, true, true, false, false, false, false},
		access.Admin:     {true, true, true, true, true, false, false, false},
		access.Superuser: {true, true, true, true, true, true, false, false},
		"unknown":        {false, false, false, false, false, false, false, false},
		"":               {false, false, false, false, false, false, false, false},
	} {
		for i, required := range requirements {
			if got := role.Satisfies(required); got != allowed[i] {
				t.Errorf("%q satisfies %q: %t, want %t", role, required, got, allowed[i])
			}
		}
	}
}

func TestParseRole(t *testing.T) {
	t.Parallel()
	for _, role := range []access.Role{access.Anon, access.Any, access.Viewer, access.User, access.Admin, access.Superuser} {
		if got, err := access.ParseRole(string(role)); err != nil || got != role {
			t.Errorf("%q: %q, %v", role, got, err)
		}
	}
	for _, s := range []string{"", "Admin", " admin", "root"} {
		if got, err := access.ParseRole(s); err == nil || got != "" {
			t.Errorf("%q: %q, %v; want an error", s, got, err)
		}
	}
}

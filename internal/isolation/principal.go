package isolation

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
)

// principal sends requests: a person, or nobody with some token.
type principal struct {
	name   string
	person *Person // nil if the token belongs to nobody
	token  string  // empty to send none
	tenant *Tenant // whose resources the requests treat as their own
	// refused is the code of all replies to operations that need a token; empty if the role
	// decides.
	refused errs.Code
	// entering is set for a superuser who sends tenant_id.
	entering bool
}

// addPrincipals creates all principals.
func (m *Matrix) addPrincipals(ctx context.Context) error {
	admin := m.admins[m.own]
	add := func(p principal) { m.principals = append(m.principals, p) }
	add(principal{name: "no token", tenant: m.own, refused: errs.Unauthenticated})
	add(principal{name: "garbage token", tenant: m.own, token: "garbage", refused: errs.InvalidToken})
	add(principal{name: "token without a signature", tenant: m.own, token: unsigned(admin.accessToken), refused: errs.InvalidToken})
	add(principal{name: "refresh token", tenant: m.own, token: admin.refreshToken, refused: errs.InvalidToken})

	if m.Expired == nil {
		m.skip("expired tokens: they can't be created from outside without waiting")
	} else {
		token, err := m.Expired(ctx, admin)
		if err != nil {
			return fmt.Errorf("make a token that has expired: %w", err)
		}
		add(principal{name: "expired token", tenant: m.own, token: token, refused: errs.TokenExpired})
	}
	loggedOut, err := m.createPerson(ctx, m.own, access.Admin)
	if err != nil {
		return err
	}
	if err := m.do(ctx, "logout", loggedOut, "", nil, nil, nil); err != nil {
		return err
	}
	add(principal{name: "ended session", person: loggedOut, tenant: m.own, token: loggedOut.accessToken, refused: errs.SessionEnded})
	inactive, err := m.createPerson(ctx, m.own, access.Admin)
	if err != nil {
		return err
	}
	if err := m.do(ctx, "deactivateUser", admin, inactive.ID.String(), nil, nil, nil); err != nil {
		return err
	}
	add(principal{name: "inactive user", person: inactive, tenant: m.own, token: inactive.accessToken, refused: errs.SessionEnded})
	if err := m.do(ctx, "suspendTenant", m.Superuser, m.suspended.ID.String(), nil, nil, nil); err != nil {
		return err
	}
	late := m.admins[m.suspended]
	add(principal{name: "suspended tenant", person: late, tenant: m.own, token: late.accessToken, refused: errs.TenantSuspended})

	select { // other instances may cache a session's state for this long
	case <-time.After(time.Second):
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, role := range []access.Role{access.Viewer, access.User} {
		p, err := m.createPerson(ctx, m.own, role)
		if err != nil {
			return err
		}
		add(known(string(role), p))
	}
	add(known("admin", admin))
	add(known("admin of another tenant", m.admins[m.other]))
	add(known("superuser", m.Superuser))
	super := known("superuser with tenant_id", m.Superuser)
	super.tenant, super.entering = m.own, true
	add(super)
	return nil
}

func known(name string, p *Person) principal {
	return principal{name: name, person: p, token: p.accessToken, tenant: p.tenant}
}

// foreign returns a tenant to which the principal has no access.
func (m *Matrix) foreign(p principal) *Tenant {
	if p.tenant == m.own {
		return m.other
	}
	return m.own
}

// role returns the person's role.
func (p principal) role() access.Role { return p.person.Role }

// unsigned returns the token with the algorithm "none" and without a signature.
func unsigned(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) < 2 {
		return token + "."
	}
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + parts[1] + "."
}

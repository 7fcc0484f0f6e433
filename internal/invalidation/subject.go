package invalidation

import (
	"strings"

	"github.com/google/uuid"
)

// Subject is whom something is remembered about: a user, all users of a tenant, or, as the zero value, everybody.
type Subject struct {
	TenantID uuid.UUID
	UserID   uuid.UUID // uuid.Nil: all of the tenant
}

// Everybody is the subject that covers all others.
var Everybody = Subject{}

// User is one user of a tenant.
func User(tenantID, userID uuid.UUID) Subject { return Subject{tenantID, userID} }

// Tenant is all users of a tenant.
func Tenant(tenantID uuid.UUID) Subject { return Subject{TenantID: tenantID} }

// Covers reports whether a user is the subject, or belongs to it.
func (s Subject) Covers(tenantID, userID uuid.UUID) bool {
	return s == Everybody || s.TenantID == tenantID && (s.UserID == uuid.Nil || s.UserID == userID)
}

// everybody, tenant or tenant/user is how subjects are written.
const everybody = "*"

func (s Subject) String() string {
	switch {
	case s == Everybody:
		return everybody
	case s.UserID == uuid.Nil:
		return s.TenantID.String()
	}
	return s.TenantID.String() + "/" + s.UserID.String()
}

func parseSubject(text string) (Subject, bool) {
	if text == everybody {
		return Everybody, true
	}
	var s Subject
	tenant, user, one := strings.Cut(text, "/")
	err := s.TenantID.UnmarshalText([]byte(tenant))
	if err == nil && one {
		err = s.UserID.UnmarshalText([]byte(user))
	}
	return s, err == nil
}

package invalidation

import (
	"strings"

	"github.com/google/uuid"
)

// Subject is the subject of a change: a user, all users of a tenant, or, as the zero value,
// everybody.
type Subject struct {
	TenantID uuid.UUID
	UserID   uuid.UUID // uuid.Nil: all users of the tenant
}

// Everybody is the subject that covers all users.
var Everybody = Subject{}

// User returns the subject of one user of a tenant.
func User(tenantID, userID uuid.UUID) Subject { return Subject{tenantID, userID} }

// Tenant returns the subject of all users of a tenant.
func Tenant(tenantID uuid.UUID) Subject { return Subject{TenantID: tenantID} }

// Covers reports whether the subject includes a user.
func (s Subject) Covers(tenantID, userID uuid.UUID) bool {
	return s == Everybody || s.TenantID == tenantID && (s.UserID == uuid.Nil || s.UserID == userID)
}

// everybody is the text of Everybody. Other subjects are written as tenant or tenant/user.
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

package access

import "github.com/google/uuid"

// PlatformTenantID is the tenant of superusers. A migration creates it.
var PlatformTenantID = uuid.MustParse("00000000-0000-7000-8000-000000000000")

// Principal is an authenticated user with their current state in the database.
type Principal struct {
	UserID       uuid.UUID
	SessionID    uuid.UUID
	HomeTenantID uuid.UUID // the tenant that the user belongs to
	TenantID     uuid.UUID // the tenant that this request acts in: HomeTenantID, unless a superuser named another one
	Email        string
	Role         Role // the effective role: Superuser if the user is one
	UserRole     Role // the role in the home tenant
}

// Crosses reports whether a superuser acts in another tenant.
func (p Principal) Crosses() bool { return p.TenantID != p.HomeTenantID }

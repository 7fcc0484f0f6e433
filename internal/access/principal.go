package access

import "github.com/google/uuid"

// PlatformTenantID is the tenant that superusers live in. A migration creates it.
var PlatformTenantID = uuid.MustParse("00000000-0000-7000-8000-000000000000")

// Principal is an authenticated person, as the database knows them at this moment.
type Principal struct {
	UserID       uuid.UUID
	SessionID    uuid.UUID
	HomeTenantID uuid.UUID // the tenant that the user belongs to
	TenantID     uuid.UUID // the tenant that this request acts in: their own, unless a superuser named another
	Email        string
	Role         Role // the effective one: Superuser if the flag is set
	UserRole     Role // the one in their own tenant
}

// Crosses reports whether a superuser acts in a tenant that isn't their own.
func (p Principal) Crosses() bool { return p.TenantID != p.HomeTenantID }

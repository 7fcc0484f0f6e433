package httpapi

import (
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/openapi"
)

func toAPIUser(u db.User) api.User {
	return api.User{
		ID: u.ID, TenantID: u.TenantID, Email: u.Email, FullName: u.FullName, Phone: u.Phone, Role: api.Role(u.Role),
		IsActive: u.IsActive, IsInvited: u.IsInvited, IsSuperuser: u.IsSuperuser,
		CompanyID: u.CompanyID, BranchID: u.BranchID, DepartmentID: u.DepartmentID,
		LastLoginAt: openapi.OptionalTime(u.LastLoginAt),
		CreatedAt:   toAPITime(u.CreatedAt), UpdatedAt: toAPITime(u.UpdatedAt), Version: u.Version,
	}
}

func toAPIMembership(m auth.Membership) api.Membership {
	return api.Membership{
		Tenant: api.TenantName{ID: m.TenantID, Code: m.TenantCode, Name: m.TenantName},
		UserID: m.UserID, Role: api.Role(m.Role), IsSuperuser: m.IsSuperuser, LastLoginAt: openapi.OptionalTime(m.LastLoginAt),
	}
}

func toAPIOneTimeToken(t auth.OneTimeToken) api.OneTimeToken {
	token := api.OneTimeToken{Token: t.Token, ExpiresAt: toAPITime(t.ExpiresAt)}
	if t.Link != "" {
		token.Link = &t.Link
	}
	return token
}

func toAPITenantSummary(t db.Tenant) api.TenantSummary {
	return api.TenantSummary{ID: t.ID, Code: t.Code, Name: t.Name, Tier: api.TenantTier(t.Tier), Status: api.TenantStatus(t.Status)}
}

func toAPITenant(t db.Tenant) api.Tenant {
	return api.Tenant{
		ID: t.ID, Code: t.Code, Name: t.Name, Tier: api.TenantTier(t.Tier), Status: api.TenantStatus(t.Status),
		MaxCompanies: t.MaxCompanies, MaxUsers: t.MaxUsers,
		ContactName: t.ContactName, ContactEmail: t.ContactEmail, ContactPhone: t.ContactPhone,
		CreatedAt: toAPITime(t.CreatedAt), UpdatedAt: toAPITime(t.UpdatedAt), Version: t.Version,
	}
}

func toAPISession(s db.Session) api.Session {
	return api.Session{
		ID: s.ID, IP: s.IP, UserAgent: s.UserAgent,
		CreatedAt: toAPITime(s.CreatedAt), LastSeenAt: toAPITime(s.RefreshedAt), ExpiresAt: toAPITime(s.ExpiresAt),
	}
}

func toAPIAuditEntry(e db.AuditEntry) api.AuditEntry {
	entry := api.AuditEntry{
		ID: e.ID, Time: toAPITime(e.OccurredAt), TenantID: e.TenantID, SessionID: e.SessionID,
		Action: e.Action, EntityType: e.EntityType, EntityID: e.EntityID, EntityLabel: e.EntityLabel, Changes: e.Changes,
		Outcome: api.AuditOutcome(e.Outcome), Reason: e.Reason,
		IP: e.IP, UserAgent: e.UserAgent, RequestID: e.RequestID, Method: e.Method, Path: e.Path,
	}
	if e.ActorID != nil {
		entry.Actor = &api.AuditActor{ID: *e.ActorID, Email: e.ActorEmail, Role: e.ActorRole, IsSuperuser: e.ActorIsSuperuser}
	}
	return entry
}

func toAPILegacyCalls(c db.ListLegacyCallsUnscopedRow) api.LegacyCalls {
	return api.LegacyCalls{
		TenantID: c.TenantID, TenantCode: c.TenantCode, OperationID: c.Operation, UserAgent: c.UserAgent, Calls: c.Calls,
		FirstCalledAt: toAPITime(c.FirstCalledAt), LastCalledAt: toAPITime(c.LastCalledAt),
	}
}

func toAPITime(t time.Time) openapi.Time { return openapi.Time{Time: t} }

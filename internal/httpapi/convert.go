package httpapi

import (
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/openapi"
)

func toAPICompany(c db.Company) api.Company {
	return api.Company{
		ID: c.ID, TenantID: c.TenantID, Code: c.Code, Name: c.Name, Description: c.Description,
		Email: c.Email, Phone: c.Phone, Website: c.Website,
		Address: api.Address{
			Line1: c.AddressLine1, Line2: c.AddressLine2, City: c.City, State: c.State, PostalCode: c.PostalCode, Country: c.Country,
		},
		TaxID: c.TaxID, RegistrationNumber: c.RegistrationNumber, IsActive: c.IsActive,
		CreatedAt: toAPITime(c.CreatedAt), UpdatedAt: toAPITime(c.UpdatedAt), Version: c.Version,
	}
}

func toAPIBranch(b db.Branch) api.Branch {
	return api.Branch{
		ID: b.ID, TenantID: b.TenantID, CompanyID: b.CompanyID, Code: b.Code, Name: b.Name, Email: b.Email, Phone: b.Phone,
		Address: api.Address{
			Line1: b.AddressLine1, Line2: b.AddressLine2, City: b.City, State: b.State, PostalCode: b.PostalCode, Country: b.Country,
		},
		Latitude: b.Latitude, Longitude: b.Longitude, IsHeadquarters: b.IsHeadquarters, IsActive: b.IsActive,
		CreatedAt: toAPITime(b.CreatedAt), UpdatedAt: toAPITime(b.UpdatedAt), Version: b.Version,
	}
}

func toAPIDepartment(d db.Department) api.Department {
	return api.Department{
		ID: d.ID, TenantID: d.TenantID, CompanyID: d.CompanyID, BranchID: d.BranchID, ParentID: d.ParentID, HeadUserID: d.HeadUserID,
		Code: d.Code, Name: d.Name, Description: d.Description, IsActive: d.IsActive,
		CreatedAt: toAPITime(d.CreatedAt), UpdatedAt: toAPITime(d.UpdatedAt), Version: d.Version,
	}
}

func toAPIUser(u db.User) api.User {
	return api.User{
		ID: u.ID, TenantID: u.TenantID, Email: u.Email, FullName: u.FullName, Phone: u.Phone, Role: api.Role(u.Role),
		IsActive: u.IsActive, IsSuperuser: u.IsSuperuser,
		CompanyID: u.CompanyID, BranchID: u.BranchID, DepartmentID: u.DepartmentID,
		LastLoginAt: toAPIOptionalTime(u.LastLoginAt),
		CreatedAt:   toAPITime(u.CreatedAt), UpdatedAt: toAPITime(u.UpdatedAt), Version: u.Version,
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

func toAPIOptionalTime(t *time.Time) *openapi.Time {
	if t == nil {
		return nil
	}
	return &openapi.Time{Time: *t}
}

// convert maps a list; an empty one stays a list, as JSON's null isn't one.
func convert[From, To any](in []From, f func(From) To) []To {
	out := make([]To, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}

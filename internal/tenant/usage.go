package tenant

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
)

// Usage counts the tenant's rows. It returns errs.NotFound if the tenant doesn't exist.
func (s *Service) Usage(ctx context.Context, id uuid.UUID) (api.TenantUsage, error) {
	t, err := s.Get(ctx, id)
	if err != nil {
		return api.TenantUsage{}, err
	}
	return usage(ctx, s.store, t)
}

func usage(ctx context.Context, q db.Querier, t db.Tenant) (api.TenantUsage, error) {
	u := api.TenantUsage{MaxCompanies: t.MaxCompanies, MaxUsers: t.MaxUsers}
	var err error
	if u.Companies, err = q.CountTenantCompanies(ctx, db.CountTenantCompaniesParams{TenantID: t.ID}); err != nil {
		return api.TenantUsage{}, err
	}
	if u.Branches, err = q.CountTenantBranches(ctx, db.CountTenantBranchesParams{TenantID: t.ID}); err != nil {
		return api.TenantUsage{}, err
	}
	if u.Departments, err = q.CountTenantDepartments(ctx, db.CountTenantDepartmentsParams{TenantID: t.ID}); err != nil {
		return api.TenantUsage{}, err
	}
	if u.Users, err = q.CountTenantUsers(ctx, db.CountTenantUsersParams{TenantID: t.ID}); err != nil {
		return api.TenantUsage{}, err
	}
	if u.ActiveUsers, err = q.CountTenantActiveUsers(ctx, db.CountTenantActiveUsersParams{TenantID: t.ID}); err != nil {
		return api.TenantUsage{}, err
	}
	u.AuditEntries, err = q.CountTenantAuditEntries(ctx, db.CountTenantAuditEntriesParams{TenantID: t.ID})
	return u, err
}

package org

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Companies has the rules of companies.
type Companies struct{ records[db.Company] }

// NewCompanies returns the service.
func NewCompanies(p Parts) *Companies { return &Companies{newRecords(companyKind, p)} }

var companyKind = kind[db.Company]{
	name:    "company",
	codeKey: "companies_tenant_id_code_key",
	taken:   "A company with this code exists already.",
	facts: func(c *db.Company) facts {
		return facts{id: c.ID, name: c.Name, updatedAt: &c.UpdatedAt, version: &c.Version}
	},
	get: func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (db.Company, error) {
		return q.GetCompany(ctx, db.GetCompanyParams{TenantID: tenantID, ID: id})
	},
	lock: func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (int64, error) {
		return q.LockCompany(ctx, db.LockCompanyParams{TenantID: tenantID, ID: id})
	},
	insert: func(ctx context.Context, q db.Querier, c db.Company) error {
		return q.InsertCompany(ctx, db.InsertCompanyParams(c))
	},
	update: func(ctx context.Context, q db.Querier, c db.Company) (int64, error) {
		return q.UpdateCompany(ctx, db.UpdateCompanyOf(c))
	},
	remove: func(ctx context.Context, q db.Querier, c db.Company) (int64, error) {
		return q.DeleteCompany(ctx, db.DeleteCompanyParams{TenantID: c.TenantID, ID: c.ID, Version: c.Version})
	},
	within: tenant.CompanyQuota.Add,
	extent: func(c db.Company) extent { return extent{tenantID: c.TenantID, companyID: c.ID} },
}

// Create returns the new company. The error is errs.AlreadyExists if its code is taken in the tenant, or errs.QuotaExceeded if
// the tenant has as many as it may have.
func (s *Companies) Create(ctx context.Context, by access.Principal, in api.CompanyCreate) (db.Company, error) {
	now := s.now()
	c := db.Company{TenantID: by.TenantID, ID: s.newID(), IsActive: true, CreatedAt: now, UpdatedAt: now, Version: 1}
	applyCompany(&c, api.CompanyUpdate{
		Code: &in.Code, Name: &in.Name, Description: in.Description, Email: in.Email, Phone: in.Phone, Website: in.Website,
		Address: in.Address, TaxID: in.TaxID, RegistrationNumber: in.RegistrationNumber, IsActive: in.IsActive,
	})
	return s.create(ctx, by, c, func(db.Querier) error { return nil })
}

// InsertCompany adds a company and its audit entry, as part of a transaction. It derives NameKey and SearchText.
func InsertCompany(ctx context.Context, q db.Querier, log *audit.Log, by access.Principal, c db.Company) error {
	DeriveCompany(&c)
	return companyKind.add(ctx, q, log, by, c)
}

// Get returns a company of the tenant, or errs.NotFound.
func (s *Companies) Get(ctx context.Context, by access.Principal, id uuid.UUID) (db.Company, error) {
	return s.get(ctx, by, id)
}

// Update changes the fields that are in the request and returns the company as it is then. The error is errs.NotFound,
// errs.StaleVersion if condition doesn't allow its version, or errs.AlreadyExists if the new code is taken.
func (s *Companies) Update(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, in api.CompanyUpdate) (db.Company, error) {
	return s.update(ctx, by, id, condition, func(_ db.Querier, c *db.Company) error {
		applyCompany(c, in)
		return nil
	})
}

// PreviewDelete says what Delete would take with it. The error is as there.
func (s *Companies) PreviewDelete(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (api.DeletionPreview, error) {
	return s.previewDelete(ctx, by, id, condition)
}

// Delete removes a company with its branches and departments; users lose the assignment. It returns what is left as
// records.delete does. The error is errs.NotFound, or errs.StaleVersion if condition doesn't allow its version.
func (s *Companies) Delete(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (*api.DeletionPreview, error) {
	return s.delete(ctx, by, id, condition)
}

package org

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/etag"
)

// Branches has the rules of branches.
type Branches struct{ records[db.Branch] }

// NewBranches returns the service.
func NewBranches(p Parts) *Branches { return &Branches{newRecords(branchKind, p)} }

var branchKind = kind[db.Branch]{
	name:    "branch",
	codeKey: "branches_tenant_id_company_id_code_key",
	taken:   "A branch of this company with this code exists already.",
	facts: func(b *db.Branch) facts {
		return facts{id: b.ID, name: b.Name, updatedAt: &b.UpdatedAt, version: &b.Version}
	},
	get: func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (db.Branch, error) {
		return q.GetBranch(ctx, db.GetBranchParams{TenantID: tenantID, ID: id})
	},
	lock: func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (int64, error) {
		return q.LockCompanyOfBranch(ctx, db.LockCompanyOfBranchParams{TenantID: tenantID, ID: id})
	},
	insert: func(ctx context.Context, q db.Querier, b db.Branch) error {
		return q.InsertBranch(ctx, db.InsertBranchParams(b))
	},
	update: func(ctx context.Context, q db.Querier, b db.Branch) (int64, error) {
		return q.UpdateBranch(ctx, db.UpdateBranchOf(b))
	},
	remove: func(ctx context.Context, q db.Querier, b db.Branch) (int64, error) {
		return q.DeleteBranch(ctx, db.DeleteBranchParams{TenantID: b.TenantID, ID: b.ID, Version: b.Version})
	},
	extent: func(b db.Branch) extent { return extent{tenantID: b.TenantID, companyID: b.CompanyID, branchID: &b.ID} },
}

// Create returns the new branch. The error is errs.UnknownReference if there is no such company, or errs.AlreadyExists if
// its code is taken in the company.
func (s *Branches) Create(ctx context.Context, by access.Principal, in api.BranchCreate) (db.Branch, error) {
	now := s.now()
	b := db.Branch{
		TenantID: by.TenantID, ID: s.newID(), CompanyID: in.CompanyID, IsActive: true, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	applyBranch(&b, api.BranchUpdate{
		Code: &in.Code, Name: &in.Name, Email: in.Email, Phone: in.Phone, Address: in.Address,
		Latitude: in.Latitude, Longitude: in.Longitude, IsHeadquarters: in.IsHeadquarters, IsActive: in.IsActive,
	})
	return s.create(ctx, by, b, func(q db.Querier) error {
		return checkReferences(inCompany(ctx, q, b.TenantID, b.CompanyID))
	})
}

// Get returns a branch of the tenant, or errs.NotFound.
func (s *Branches) Get(ctx context.Context, by access.Principal, id uuid.UUID) (db.Branch, error) {
	return s.get(ctx, by, id)
}

// Update changes the fields that are in the request and returns the branch as it is then. The error is errs.NotFound,
// errs.StaleVersion if condition doesn't allow its version, or errs.AlreadyExists if the new code is taken.
func (s *Branches) Update(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, in api.BranchUpdate) (db.Branch, error) {
	return s.update(ctx, by, id, condition, func(_ db.Querier, b *db.Branch) error {
		applyBranch(b, in)
		return nil
	})
}

// PreviewDelete says what Delete would take with it. The error is as there.
func (s *Branches) PreviewDelete(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (api.DeletionPreview, error) {
	return s.previewDelete(ctx, by, id, condition)
}

// Delete removes a branch with its departments and all that are below them; users lose the assignment. It
// returns what is left as records.delete does. The error is errs.NotFound, or errs.StaleVersion if the version
// isn't one that condition allows.
func (s *Branches) Delete(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (*api.DeletionPreview, error) {
	return s.delete(ctx, by, id, condition)
}

package org

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
)

// LockCompanies locks the companies to which the users, all of one tenant, are assigned, until the
// end of the transaction. Nobody else can then change the companies or anything below them. The
// caller must take no other lock before.
func LockCompanies(ctx context.Context, q db.Querier, users ...db.User) error {
	var ids []uuid.UUID
	for _, u := range users {
		id, err := companyOf(ctx, q, u)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		ids = append(ids, id)
	}
	return records.LockCompanies(ctx, q, users[0].TenantID, ids)
}

// companyOf returns the company of a user's assignment, the zero id if there is none, or
// store.ErrNotFound.
func companyOf(ctx context.Context, q db.Querier, u db.User) (uuid.UUID, error) {
	switch {
	case u.CompanyID != nil:
		return *u.CompanyID, nil
	case u.BranchID != nil:
		b, err := q.GetBranch(ctx, db.GetBranchParams{TenantID: u.TenantID, ID: *u.BranchID})
		return b.CompanyID, err
	case u.DepartmentID != nil:
		d, err := q.GetDepartment(ctx, db.GetDepartmentParams{TenantID: u.TenantID, ID: *u.DepartmentID})
		return d.CompanyID, err
	}
	return uuid.Nil, nil
}

// CheckAssignment returns an errs.UnknownReference that names each part of a user's new assignment
// that doesn't exist or doesn't fit the others. Call it after LockCompanies, in the transaction
// that writes the user. If no part is new, it checks nothing.
func CheckAssignment(ctx context.Context, q db.Querier, before, now db.User) error {
	if !changed(before.CompanyID, now.CompanyID) && !changed(before.BranchID, now.BranchID) && !changed(before.DepartmentID, now.DepartmentID) {
		return nil
	}
	company := now.CompanyID // or else the branch's
	kind := records.Kind[db.User]{References: []records.Reference[db.User]{
		{
			Pointer: "/company_id", Missing: "There is no such company.",
			ID: func(u *db.User) *uuid.UUID { return u.CompanyID },
			Fits: func(ctx context.Context, q db.Querier, u *db.User, id uuid.UUID) (bool, error) {
				_, err := q.GetCompany(ctx, db.GetCompanyParams{TenantID: u.TenantID, ID: id})
				return true, err
			},
		},
		{
			Pointer: "/branch_id", Missing: "There is no such branch in this company.",
			ID: func(u *db.User) *uuid.UUID { return u.BranchID },
			Fits: func(ctx context.Context, q db.Querier, u *db.User, id uuid.UUID) (bool, error) {
				b, err := q.GetBranch(ctx, db.GetBranchParams{TenantID: u.TenantID, ID: id})
				if err == nil && company == nil {
					company = &b.CompanyID
				}
				return err == nil && b.CompanyID == *company, err
			},
		},
		{
			Pointer: "/department_id", Missing: "There is no such department in this company and branch.",
			ID: func(u *db.User) *uuid.UUID { return u.DepartmentID },
			Fits: func(ctx context.Context, q db.Querier, u *db.User, id uuid.UUID) (bool, error) {
				d, err := q.GetDepartment(ctx, db.GetDepartmentParams{TenantID: u.TenantID, ID: id})
				elsewhere := u.BranchID != nil && d.BranchID != nil && *d.BranchID != *u.BranchID
				return !elsewhere && (company == nil || d.CompanyID == *company), err
			},
		},
	}}
	return kind.Check(ctx, q, nil, &now) // of a new assignment all parts must fit each other
}

// changed reports whether a reference names another row than before.
func changed(before, now *uuid.UUID) bool { return now != nil && !records.Same(before, now) }

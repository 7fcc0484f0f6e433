package org

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/store"
)

// LockCompanies locks the companies that the users, who are of one tenant, are assigned to, until the end of
// the transaction. So nobody else changes these or anything below them. The caller takes no other lock before
// it.
func LockCompanies(ctx context.Context, q db.Querier, users ...db.User) error {
	var ids []uuid.UUID
	for _, u := range users {
		id, err := companyOf(ctx, q, u)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		ids = append(ids, id)
	}
	return lockCompanies(ctx, q, users[0].TenantID, ids)
}

// companyOf returns the company of a user's assignment, the zero id if there is none, or store.ErrNotFound.
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

// lockCompanies locks the companies that exist, in the order of their ids, so that no two transactions wait for
// each other.
func lockCompanies(ctx context.Context, q db.Querier, tenantID uuid.UUID, ids []uuid.UUID) error {
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range slices.Compact(ids) {
		if id == uuid.Nil {
			continue
		}
		if _, err := q.LockCompany(ctx, db.LockCompanyParams{TenantID: tenantID, ID: id}); err != nil {
			return err
		}
	}
	return nil
}

// CheckAssignment returns an errs.UnknownReference that names every part of a user's new assignment that isn't
// there or doesn't fit the others. It runs in the transaction that writes the user, after LockCompanies. Parts
// that were there before are only looked at when another one is new.
func CheckAssignment(ctx context.Context, q db.Querier, before, now db.User) error {
	if !changed(before.CompanyID, now.CompanyID) && !changed(before.BranchID, now.BranchID) && !changed(before.DepartmentID, now.DepartmentID) {
		return nil
	}
	var list []reference
	company := now.CompanyID // or else the branch's
	if now.CompanyID != nil {
		list = append(list, toCompany(ctx, q, now.TenantID, *now.CompanyID))
	}
	if now.BranchID != nil {
		list = append(list, reference{"/branch_id", "There is no such branch in this company.", func() (bool, error) {
			b, err := q.GetBranch(ctx, db.GetBranchParams{TenantID: now.TenantID, ID: *now.BranchID})
			if err != nil {
				return false, err
			}
			if company == nil {
				company = &b.CompanyID
			}
			return b.CompanyID == *company, nil
		}})
	}
	if now.DepartmentID != nil {
		list = append(list, reference{"/department_id", "There is no such department in this company and branch.", func() (bool, error) {
			d, err := q.GetDepartment(ctx, db.GetDepartmentParams{TenantID: now.TenantID, ID: *now.DepartmentID})
			if err != nil {
				return false, err
			}
			elsewhere := now.BranchID != nil && d.BranchID != nil && *d.BranchID != *now.BranchID
			return !elsewhere && (company == nil || d.CompanyID == *company), nil
		}})
	}
	return checkReferences(list...)
}

// LockHeaded locks the companies of the departments that RemoveHead changes, as LockCompanies does.
func LockHeaded(ctx context.Context, q db.Querier, tenantID, userID uuid.UUID) error {
	departments, err := headedBy(ctx, q, tenantID, userID)
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(departments))
	for i, d := range departments {
		ids[i] = d.CompanyID
	}
	return lockCompanies(ctx, q, tenantID, ids)
}

func headedBy(ctx context.Context, q db.Querier, tenantID, userID uuid.UUID) ([]db.Department, error) {
	return q.ListDepartmentsOfHead(ctx, db.ListDepartmentsOfHeadParams{TenantID: tenantID, HeadUserID: &userID, Limit: deletionStep})
}

// RemoveHead takes a user off up to 100 of the departments that they head, with an audit entry for each, as
// part of a transaction that began with LockHeaded. It reports whether there may be more. The error is
// store.ErrStale if one of the departments has changed meanwhile.
func RemoveHead(ctx context.Context, q db.Querier, log *audit.Log, by access.Principal, userID uuid.UUID, now time.Time) (more bool, err error) {
	departments, err := headedBy(ctx, q, by.TenantID, userID)
	if err != nil {
		return false, err
	}
	c := changer{q: q, log: log, by: by, now: now}
	for _, before := range departments {
		after := before
		after.HeadUserID = nil
		if err := c.change(ctx, before, after); err != nil {
			return false, err
		}
	}
	return len(departments) == deletionStep, nil
}

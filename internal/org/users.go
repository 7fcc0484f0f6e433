package org

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/store"
)

// CheckAssignment returns an errs.UnknownReference that names every part of a user's new assignment that isn't there or
// doesn't fit the others. It runs in the transaction that writes the user. Parts that were there before are only looked at
// when another one is new, as a department may have moved to another branch since.
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
		list = append(list, reference{"/branch_id", "there is no such branch in this company", func() (bool, error) {
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
		list = append(list, reference{"/department_id", "there is no such department in this company and branch", func() (bool, error) {
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

// RemoveHead takes a user off the departments that they head, with an audit entry for each, as part of a transaction. The
// error is store.ErrStale if one of the departments has changed meanwhile.
func RemoveHead(ctx context.Context, q db.Querier, log *audit.Log, by access.Principal, userID uuid.UUID, now time.Time) error {
	departments, err := q.ListDepartmentsOfHead(ctx, db.ListDepartmentsOfHeadParams{TenantID: by.TenantID, HeadUserID: &userID})
	if err != nil {
		return err
	}
	for _, before := range departments {
		after := before
		after.HeadUserID, after.UpdatedAt = nil, now
		rows, err := departmentKind.update(ctx, q, after)
		if err != nil {
			return err
		}
		if rows == 0 {
			return store.ErrStale
		}
		if err := departmentKind.write(ctx, q, log, by, "update", after, audit.Updated(before, after)); err != nil {
			return err
		}
	}
	return nil
}

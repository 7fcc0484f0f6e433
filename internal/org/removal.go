package org

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/store"
)

// removal is what goes with a deletion.
type removal struct {
	companies   []db.Company
	branches    []db.Branch
	departments []db.Department            // each after those that are below it
	users       []db.ListUsersOfCompanyRow // who lose an assignment
	ids         map[uuid.UUID]bool         // of all that goes
}

func planCompany(ctx context.Context, q db.Querier, c db.Company) (removal, error) {
	branches, err := q.ListBranchesOfCompany(ctx, db.ListBranchesOfCompanyParams{TenantID: c.TenantID, CompanyID: c.ID})
	if err != nil {
		return removal{}, err
	}
	r := removal{companies: []db.Company{c}, branches: branches}
	return r.complete(ctx, q, c.TenantID, c.ID, func(db.Department) bool { return true })
}

func planBranch(ctx context.Context, q db.Querier, b db.Branch) (removal, error) {
	r := removal{branches: []db.Branch{b}}
	return r.complete(ctx, q, b.TenantID, b.CompanyID, func(d db.Department) bool { return d.BranchID != nil && *d.BranchID == b.ID })
}

func planDepartment(ctx context.Context, q db.Querier, d db.Department) (removal, error) {
	return removal{}.complete(ctx, q, d.TenantID, d.CompanyID, func(other db.Department) bool { return other.ID == d.ID })
}

// complete adds the departments that go, with all that are below them, and the users of what goes.
func (r removal) complete(ctx context.Context, q db.Querier, tenantID, companyID uuid.UUID, goes func(db.Department) bool) (removal, error) {
	departments, err := q.ListDepartmentsOfCompany(ctx, db.ListDepartmentsOfCompanyParams{TenantID: tenantID, CompanyID: companyID})
	if err != nil {
		return removal{}, err
	}
	users, err := q.ListUsersOfCompany(ctx, db.ListUsersOfCompanyParams{TenantID: tenantID, CompanyID: companyID})
	if err != nil {
		return removal{}, err
	}
	r.ids = map[uuid.UUID]bool{}
	for _, c := range r.companies {
		r.ids[c.ID] = true
	}
	for _, b := range r.branches {
		r.ids[b.ID] = true
	}
	for _, d := range topDown(departments, func(d db.Department) (uuid.UUID, *uuid.UUID) { return d.ID, d.ParentID }) {
		if goes(d) || d.ParentID != nil && r.ids[*d.ParentID] {
			r.ids[d.ID] = true
			r.departments = append(r.departments, d)
		}
	}
	slices.Reverse(r.departments)
	for _, u := range users {
		if r.detached(u) != u {
			r.users = append(r.users, u)
		}
	}
	return r, nil
}

// detached is a user without what goes.
func (r removal) detached(u db.ListUsersOfCompanyRow) db.ListUsersOfCompanyRow {
	for _, id := range []**uuid.UUID{&u.CompanyID, &u.BranchID, &u.DepartmentID} {
		if *id != nil && r.ids[**id] {
			*id = nil
		}
	}
	return u
}

func (r removal) preview() api.DeletionPreview {
	return api.DeletionPreview{
		Companies: int64(len(r.companies)), Branches: int64(len(r.branches)), Departments: int64(len(r.departments)),
		UsersDetached: int64(len(r.users)),
	}
}

// carryOut detaches and deletes, with an audit entry for each row. The error is store.ErrStale if something isn't as it was
// planned any more.
func (r removal) carryOut(ctx context.Context, q db.Querier, log *audit.Log, by access.Principal, now time.Time) error {
	for _, u := range r.users {
		if err := r.detach(ctx, q, log, by, u, now); err != nil {
			return err
		}
	}
	for _, d := range r.departments {
		if err := departmentKind.delete(ctx, q, log, by, d); err != nil {
			return err
		}
	}
	for _, b := range r.branches {
		if err := branchKind.delete(ctx, q, log, by, b); err != nil {
			return err
		}
	}
	for _, c := range r.companies {
		if err := companyKind.delete(ctx, q, log, by, c); err != nil {
			return err
		}
	}
	return nil
}

func (r removal) detach(
	ctx context.Context, q db.Querier, log *audit.Log, by access.Principal, before db.ListUsersOfCompanyRow, now time.Time,
) error {
	after := r.detached(before)
	rows, err := q.SetUserAssignment(ctx, db.SetUserAssignmentParams{
		CompanyID: after.CompanyID, BranchID: after.BranchID, DepartmentID: after.DepartmentID, UpdatedAt: now,
		TenantID: by.TenantID, ID: before.ID, Version: before.Version,
	})
	if err != nil {
		return err
	}
	if rows == 0 {
		return store.ErrStale
	}
	return log.Write(ctx, q, by, audit.Entry{
		Action: "user.update", EntityType: "user", EntityID: before.ID, EntityLabel: before.Email, Changes: audit.Updated(before, after),
	})
}

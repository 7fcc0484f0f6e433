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

// changer is what a transaction that changes many rows needs.
type changer struct {
	q   db.Querier
	log *audit.Log
	by  access.Principal
	now time.Time
}

// batch is a part of a removal that one transaction carries out, while the company is locked.
type batch struct {
	changer
	removal

	left int // how many rows it may still change
}

// take returns as many of the rows as the batch may still change, and whether these are all. Lists ask for one row more than that.
func take[Row any](b *batch, rows []Row) (taken []Row, all bool) {
	n := min(len(rows), b.left)
	b.left -= n
	return rows[:n], n == len(rows)
}

func (b *batch) limit() int32 { return int32(b.left) + 1 } //nolint:gosec // at most the size of a batch

// carryOut detaches users and deletes what is below the row that the removal is about, with an audit entry for each row. It
// reports whether nothing is left. The error is store.ErrStale if something isn't as it was planned.
func (b *batch) carryOut(ctx context.Context) (done bool, err error) {
	if done, err := b.detachUsers(ctx); err != nil || !done {
		return false, err
	}
	for _, r := range b.runs {
		if done, err := b.deleteDepartments(ctx, r); err != nil || !done {
			return false, err
		}
	}
	if !b.isCompany() {
		return true, nil
	}
	return b.deleteBranches(ctx)
}

// detachUsers detaches those of the company and its branches, or of the branch. Those of departments go with these.
func (b *batch) detachUsers(ctx context.Context) (done bool, err error) {
	if b.isCompany() {
		users, err := b.q.ListUsersOfCompany(ctx, db.ListUsersOfCompanyParams{TenantID: b.tenantID, CompanyID: &b.companyID, Limit: b.limit()})
		if err != nil {
			return false, err
		}
		if done, err := b.detach(ctx, users); err != nil || !done {
			return false, err
		}
	}
	if b.departmentID != nil {
		return true, nil
	}
	users, err := rowsOf(b.q.ListUsersOfBranches(ctx, db.ListUsersOfBranchesParams{
		TenantID: b.tenantID, CompanyID: b.companyID, BranchID: b.branchID, Limit: b.limit(),
	}))
	if err != nil {
		return false, err
	}
	return b.detach(ctx, users)
}

func (b *batch) detach(ctx context.Context, users []db.ListUsersOfCompanyRow) (all bool, err error) {
	users, all = take(b, users)
	for _, before := range users {
		after := before
		b.release(&after.CompanyID, &after.BranchID, &after.DepartmentID)
		if err := b.reassign(ctx, before, after); err != nil {
			return false, err
		}
	}
	return all, nil
}

// deleteDepartments deletes a run of them, and detaches their users first.
func (b *batch) deleteDepartments(ctx context.Context, all run) (done bool, err error) {
	users, err := rowsOf(b.q.ListUsersOfDepartments(ctx, db.ListUsersOfDepartmentsParams{
		TenantID: b.tenantID, CompanyID: b.companyID, FirstID: all[0].ID, LastID: all[len(all)-1].ID, Limit: b.limit(),
	}))
	if err != nil {
		return false, err
	}
	if done, err := b.detach(ctx, users); err != nil || !done {
		return false, err
	}
	places, done := take(b, all)
	if len(places) == 0 {
		return false, nil
	}
	first, last := places[0].ID, places[len(places)-1].ID
	rows, err := b.q.ListDepartmentsOfCompany(ctx, db.ListDepartmentsOfCompanyParams{
		TenantID: b.tenantID, CompanyID: b.companyID, FirstID: first, LastID: last,
	})
	if err != nil {
		return false, err
	}
	if err := departmentKind.writeDeleted(ctx, b.changer, rows); err != nil {
		return false, err
	}
	deleted, err := b.q.DeleteDepartmentsOfCompany(ctx, db.DeleteDepartmentsOfCompanyParams{
		TenantID: b.tenantID, CompanyID: b.companyID, FirstID: first, LastID: last,
	})
	return done, mustBe(len(places), deleted, err)
}

func (b *batch) deleteBranches(ctx context.Context) (done bool, err error) {
	rows, err := b.q.ListBranchesOfCompany(ctx, db.ListBranchesOfCompanyParams{TenantID: b.tenantID, CompanyID: b.companyID, Limit: b.limit()})
	if err != nil {
		return false, err
	}
	rows, done = take(b, rows)
	if len(rows) == 0 {
		return done, nil
	}
	if err := branchKind.writeDeleted(ctx, b.changer, rows); err != nil {
		return false, err
	}
	deleted, err := b.q.DeleteBranchesOfCompany(ctx, db.DeleteBranchesOfCompanyParams{
		TenantID: b.tenantID, CompanyID: b.companyID, LastID: rows[len(rows)-1].ID,
	})
	return done, mustBe(len(rows), deleted, err)
}

// mustBe returns store.ErrStale unless a change was made to so many rows.
func mustBe(planned int, changed int64, err error) error {
	if store.BreaksReference(err) || err == nil && changed != int64(planned) {
		return store.ErrStale
	}
	return err
}

// writeDeleted adds an audit entry with the last state of each row. It comes before the deletion: where an entry locks the
// tenant's row, which it refers to, that comes before all rows below the company.
func (k kind[Row]) writeDeleted(ctx context.Context, c changer, rows []Row) error {
	for _, row := range rows {
		if err := k.write(ctx, c.q, c.log, c.by, "delete", row, audit.Deleted(row)); err != nil {
			return err
		}
	}
	return nil
}

// reassign changes what a user is assigned to, with an audit entry. The error is store.ErrStale if the user is gone.
func (c changer) reassign(ctx context.Context, before, after db.ListUsersOfCompanyRow) error {
	err := c.log.Write(ctx, c.q, c.by, audit.Entry{
		Action: "user.update", EntityType: "user", EntityID: before.ID, EntityLabel: before.Email, Changes: audit.Updated(before, after),
	})
	if err != nil {
		return err
	}
	rows, err := c.q.SetUserAssignment(ctx, db.SetUserAssignmentParams{
		CompanyID: after.CompanyID, BranchID: after.BranchID, DepartmentID: after.DepartmentID, UpdatedAt: c.now,
		TenantID: c.by.TenantID, ID: before.ID,
	})
	return mustBe(1, rows, err)
}

// rowsOf gives the rows of similar queries one type.
func rowsOf[Row ~struct {
	ID           uuid.UUID  `json:"id"`
	Email        string     `json:"email"`
	CompanyID    *uuid.UUID `json:"company_id"`
	BranchID     *uuid.UUID `json:"branch_id"`
	DepartmentID *uuid.UUID `json:"department_id"`
}](rows []Row, err error) ([]db.ListUsersOfCompanyRow, error) {
	users := make([]db.ListUsersOfCompanyRow, len(rows))
	for i, row := range rows {
		users[i] = db.ListUsersOfCompanyRow(row)
	}
	return users, err
}

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

// changer has what the functions of one transaction share.
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

	left   int // how many rows it may still change
	isLate func() bool
}

// step returns how many rows to change next.
func (b *batch) step() int { return min(b.left, deletionStep) }

// limit is the limit for lists: one row more than the next step changes, to see whether more is left.
func (b *batch) limit() int32 { return int32(b.step()) + 1 } //nolint:gosec // at most the size of a batch

// take returns the rows of the next step, and whether rows has no more.
func take[Row any](b *batch, rows []Row) (taken []Row, all bool) {
	n := min(len(rows), b.step())
	b.left -= n
	return rows[:n], n == len(rows)
}

// repeat calls step until it reports that nothing is left, or the batch is full or late. done means that
// nothing is left.
func (b *batch) repeat(step func() (all bool, err error)) (done bool, err error) {
	for {
		all, err := step()
		if all || err != nil {
			return all, err
		}
		if b.left == 0 || b.isLate() {
			return false, nil
		}
	}
}

// carryOut detaches users and deletes everything below the company or branch, or the department itself with all
// below it. It writes an audit entry for each row, and reports whether nothing is left. It does at least one
// step, however late it is. The error is store.ErrStale if something isn't as planned.
func (b *batch) carryOut(ctx context.Context) (done bool, err error) {
	if done, err := b.detachUsers(ctx); err != nil || !done {
		return false, err
	}
	if err := b.cutCycles(ctx); err != nil {
		return false, err
	}
	for i, r := range b.runs {
		if done, err := b.deleteDepartments(ctx, r); err != nil || !done {
			return false, err
		}
		if i < len(b.runs)-1 && b.isLate() {
			return false, nil
		}
	}
	if !b.isCompany() {
		return true, nil
	}
	return b.repeat(func() (bool, error) { return b.deleteBranches(ctx) })
}

// detachUsers detaches the users of the company and its branches, or of the branch. deleteDepartments detaches those of
// departments.
func (b *batch) detachUsers(ctx context.Context) (done bool, err error) {
	if b.departmentID != nil {
		return true, nil
	}
	if b.isCompany() {
		done, err := b.repeat(func() (bool, error) {
			users, err := b.q.ListUsersOfCompany(ctx, db.ListUsersOfCompanyParams{TenantID: b.tenantID, CompanyID: &b.companyID, Limit: b.limit()})
			return b.detach(ctx, users, err)
		})
		if err != nil || !done {
			return false, err
		}
	}
	return b.repeat(func() (bool, error) {
		users, err := rowsOf(b.q.ListUsersOfBranches(ctx, db.ListUsersOfBranchesParams{
			TenantID: b.tenantID, CompanyID: b.companyID, BranchID: b.branchID, Limit: b.limit(),
		}))
		return b.detach(ctx, users, err)
	})
}

// detach is a step that detaches listed users. err is the error of the list.
func (b *batch) detach(ctx context.Context, users []db.ListUsersOfCompanyRow, err error) (all bool, _ error) {
	if err != nil {
		return false, err
	}
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

// cutCycles takes their parent from the departments that the plan names, so that no department stays below one that goes.
func (b *batch) cutCycles(ctx context.Context) error {
	for _, id := range b.cut {
		before, err := b.q.GetDepartment(ctx, db.GetDepartmentParams{TenantID: b.tenantID, ID: id})
		if err != nil {
			return err
		}
		after := before
		after.ParentID = nil
		if err := b.change(ctx, before, after); err != nil {
			return err
		}
	}
	return nil
}

// deleteDepartments detaches the users of a run of departments, and deletes these.
func (b *batch) deleteDepartments(ctx context.Context, rest run) (done bool, err error) {
	done, err = b.repeat(func() (bool, error) {
		users, err := rowsOf(b.q.ListUsersOfDepartments(ctx, db.ListUsersOfDepartmentsParams{
			TenantID: b.tenantID, CompanyID: b.companyID, FirstID: rest[0].ID, LastID: rest[len(rest)-1].ID, Limit: b.limit(),
		}))
		return b.detach(ctx, users, err)
	})
	if err != nil || !done {
		return false, err
	}
	return b.repeat(func() (bool, error) {
		next, all := take(b, rest)
		rest = rest[len(next):]
		return all, b.deleteRange(ctx, next)
	})
}

func (b *batch) deleteRange(ctx context.Context, all run) error {
	if len(all) == 0 {
		return nil
	}
	first, last := all[0].ID, all[len(all)-1].ID
	rows, err := b.q.ListDepartmentsOfCompany(ctx, db.ListDepartmentsOfCompanyParams{
		TenantID: b.tenantID, CompanyID: b.companyID, FirstID: first, LastID: last,
	})
	if err != nil {
		return err
	}
	if err := departmentKind.writeDeleted(ctx, b.changer, rows); err != nil {
		return err
	}
	deleted, err := b.q.DeleteDepartmentsOfCompany(ctx, db.DeleteDepartmentsOfCompanyParams{
		TenantID: b.tenantID, CompanyID: b.companyID, FirstID: first, LastID: last,
	})
	return mustBe(len(all), deleted, err)
}

// deleteBranches is a step that deletes branches of the company.
func (b *batch) deleteBranches(ctx context.Context) (all bool, err error) {
	rows, err := b.q.ListBranchesOfCompany(ctx, db.ListBranchesOfCompanyParams{TenantID: b.tenantID, CompanyID: b.companyID, Limit: b.limit()})
	if err != nil {
		return false, err
	}
	rows, all = take(b, rows)
	if len(rows) == 0 {
		return all, nil
	}
	if err := branchKind.writeDeleted(ctx, b.changer, rows); err != nil {
		return false, err
	}
	deleted, err := b.q.DeleteBranchesOfCompany(ctx, db.DeleteBranchesOfCompanyParams{
		TenantID: b.tenantID, CompanyID: b.companyID, LastID: rows[len(rows)-1].ID,
	})
	return all, mustBe(len(rows), deleted, err)
}

// mustBe returns store.ErrStale if a statement changed another number of rows than planned, or broke a foreign
// key; otherwise err.
func mustBe(planned int, changed int64, err error) error {
	if store.BreaksReference(err) || err == nil && changed != int64(planned) {
		return store.ErrStale
	}
	return err
}

// writeDeleted adds an audit entry with the last state of each row. It comes before the deletion, because on
// MySQL an entry locks the row of its tenant, and the order of locks is company, tenant, everything else.
func (k kind[Row]) writeDeleted(ctx context.Context, c changer, rows []Row) error {
	for _, row := range rows {
		if err := k.write(ctx, c.q, c.log, c.by, "delete", row, audit.Deleted(row)); err != nil {
			return err
		}
	}
	return nil
}

// change saves a department, with an audit entry. The error is store.ErrStale if the department has changed meanwhile.
func (c changer) change(ctx context.Context, before, after db.Department) error {
	after.UpdatedAt = c.now
	if err := departmentKind.write(ctx, c.q, c.log, c.by, "update", after, audit.Updated(before, after)); err != nil {
		return err
	}
	rows, err := departmentKind.update(ctx, c.q, after)
	return mustBe(1, rows, err)
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

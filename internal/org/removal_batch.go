package org

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/records"
)

// batch is the part of a removal that one transaction carries out while the company is locked.
type batch struct {
	*records.Batch
	removal
}

// CarryOut detaches users and deletes everything below the company, branch or department. It writes
// an audit entry for each row. It returns store.ErrStale if the data doesn't match the plan.
func (e extent) CarryOut(ctx context.Context, rows *records.Batch) (done bool, err error) {
	plan, err := e.plan(ctx, rows.Tx)
	if err != nil {
		return false, err
	}
	b := &batch{rows, plan}
	if done, err := b.detachUsers(ctx); err != nil || !done {
		return false, err
	}
	if err := b.cutCycles(ctx); err != nil {
		return false, err
	}
	for i, r := range b.runs {
		if done, err := b.detachUsersOf(ctx, r); err != nil || !done {
			return false, err
		}
		if e.department != nil && i == len(b.runs)-1 {
			break // the department itself
		}
		if done, err := b.deleteDepartments(ctx, r); err != nil || !done {
			return false, err
		}
		if i < len(b.runs)-1 && b.IsLate() {
			return false, nil
		}
	}
	if !e.isCompany() {
		return true, nil
	}
	return b.Dependants(ctx, []records.Dependant{branches()}, e.companyID)
}

// branches is the reference of branches to their company. Their departments are deleted before.
func branches() records.Dependant {
	list := func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID, limit int32) ([]db.Branch, error) {
		return q.ListBranchesOfCompany(ctx, db.ListBranchesOfCompanyParams{TenantID: tenantID, CompanyID: id, Limit: limit})
	}
	remove := func(ctx context.Context, q db.Querier, tenantID, id, last uuid.UUID) (int64, error) {
		return q.DeleteBranchesOfCompany(ctx, db.DeleteBranchesOfCompanyParams{TenantID: tenantID, CompanyID: id, LastID: last})
	}
	return records.Cascade(resources.BranchKind(), list, remove)
}

// detachUsers detaches the users of the company and its branches, or of the branch. For departments
// see detachUsersOf.
func (b *batch) detachUsers(ctx context.Context) (done bool, err error) {
	if b.department != nil {
		return true, nil
	}
	if b.isCompany() {
		done, err := b.Repeat(func() (bool, error) {
			users, err := b.Tx.ListUsersOfCompany(ctx, db.ListUsersOfCompanyParams{TenantID: b.tenantID, CompanyID: &b.companyID, Limit: b.Limit()})
			return b.detach(ctx, users, err)
		})
		if err != nil || !done {
			return false, err
		}
	}
	return b.Repeat(func() (bool, error) {
		users, err := rowsOf(b.Tx.ListUsersOfBranches(ctx, db.ListUsersOfBranchesParams{
			TenantID: b.tenantID, CompanyID: b.companyID, BranchID: b.branchID, Limit: b.Limit(),
		}))
		return b.detach(ctx, users, err)
	})
}

// detach detaches the listed users. err is the error of the list.
func (b *batch) detach(ctx context.Context, users []db.ListUsersOfCompanyRow, err error) (all bool, _ error) {
	if err != nil {
		return false, err
	}
	users, all = records.Take(b.Batch, users)
	for _, before := range users {
		after := before
		b.release(&after.CompanyID, &after.BranchID, &after.DepartmentID)
		if err := reassign(ctx, b.Change, before, after); err != nil {
			return false, err
		}
	}
	return all, nil
}

// cutCycles removes the parent of the departments that the plan names, so that no remaining
// department is below a deleted one.
func (b *batch) cutCycles(ctx context.Context) error {
	kind := resources.DepartmentKind()
	for _, id := range b.cut {
		row := b.department
		if row == nil || row.ID != id {
			other, err := b.Tx.GetDepartment(ctx, db.GetDepartmentParams{TenantID: b.tenantID, ID: id})
			if err != nil {
				return err
			}
			row = &other
		}
		before := *row
		row.ParentID = nil
		if err := kind.Save(ctx, b.Change, kind.Name+".update", before, row); err != nil {
			return err
		}
	}
	return nil
}

// detachUsersOf detaches the users of a run of departments.
func (b *batch) detachUsersOf(ctx context.Context, r run) (done bool, err error) {
	return b.Repeat(func() (bool, error) {
		users, err := rowsOf(b.Tx.ListUsersOfDepartments(ctx, db.ListUsersOfDepartmentsParams{
			TenantID: b.tenantID, CompanyID: b.companyID, FirstID: r[0].ID, LastID: r[len(r)-1].ID, Limit: b.Limit(),
		}))
		return b.detach(ctx, users, err)
	})
}

// deleteDepartments deletes a run of departments and the rows that refer to them.
func (b *batch) deleteDepartments(ctx context.Context, rest run) (done bool, err error) {
	dependants := resources.DepartmentKind().DependantList()
	return b.Repeat(func() (bool, error) {
		next, all, err := records.Free(ctx, b.Batch, dependants, rest, func(d *db.ListDepartmentPlacesRow) uuid.UUID { return d.ID })
		if err != nil {
			return false, err
		}
		rest = rest[len(next):]
		return all, b.deleteRange(ctx, next)
	})
}

func (b *batch) deleteRange(ctx context.Context, all run) error {
	if len(all) == 0 {
		return nil
	}
	first, last := all[0].ID, all[len(all)-1].ID
	rows, err := b.Tx.ListDepartmentsOfCompany(ctx, db.ListDepartmentsOfCompanyParams{
		TenantID: b.tenantID, CompanyID: b.companyID, FirstID: first, LastID: last,
	})
	if err != nil {
		return err
	}
	if err := resources.DepartmentKind().WriteDeleted(ctx, b.Change, rows); err != nil {
		return err
	}
	deleted, err := b.Tx.DeleteDepartmentsOfCompany(ctx, db.DeleteDepartmentsOfCompanyParams{
		TenantID: b.tenantID, CompanyID: b.companyID, FirstID: first, LastID: last,
	})
	return records.MustBe(len(all), deleted, err)
}

// reassign changes a user's assignment and writes an audit entry. It returns store.ErrStale if the
// user is gone.
func reassign(ctx context.Context, c records.Change, before, after db.ListUsersOfCompanyRow) error {
	err := c.Log.Write(ctx, c.Tx, c.By, audit.Entry{
		Action: "user.update", EntityType: "user", EntityID: before.ID, EntityLabel: before.Email, Changes: audit.Updated(before, after),
	})
	if err != nil {
		return err
	}
	rows, err := c.Tx.SetUserAssignment(ctx, db.SetUserAssignmentParams{
		CompanyID: after.CompanyID, BranchID: after.BranchID, DepartmentID: after.DepartmentID, UpdatedAt: c.Now,
		TenantID: c.By.TenantID, ID: before.ID,
	})
	return records.MustBe(1, rows, err)
}

// rowsOf converts rows of similar queries to one type.
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

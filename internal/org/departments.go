package org

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/store"
)

// Departments has the rules of departments.
type Departments struct{ records[db.Department] }

// NewDepartments returns the service.
func NewDepartments(p Parts) *Departments { return &Departments{newRecords(departmentKind, p)} }

var departmentKind = kind[db.Department]{
	name:    "department",
	codeKey: "departments_tenant_id_company_id_code_key",
	taken:   "A department of this company with this code exists already.",
	facts: func(d *db.Department) facts {
		return facts{id: d.ID, name: d.Name, updatedAt: &d.UpdatedAt, version: &d.Version}
	},
	get: func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (db.Department, error) {
		return q.GetDepartment(ctx, db.GetDepartmentParams{TenantID: tenantID, ID: id})
	},
	lock: func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) (int64, error) {
		return q.LockCompanyOfDepartment(ctx, db.LockCompanyOfDepartmentParams{TenantID: tenantID, ID: id})
	},
	insert: func(ctx context.Context, q db.Querier, d db.Department) error {
		return q.InsertDepartment(ctx, db.InsertDepartmentParams(d))
	},
	update: func(ctx context.Context, q db.Querier, d db.Department) (int64, error) {
		return q.UpdateDepartment(ctx, db.UpdateDepartmentOf(d))
	},
	extent: func(d db.Department) extent {
		return extent{tenantID: d.TenantID, companyID: d.CompanyID, departmentID: &d.ID}
	},
}

// maxLevels is how many departments are below each other at most. It bounds how deep the JSON of the tree is nested.
const maxLevels = 100

// Create returns the new department. The error is errs.UnknownReference if something that it refers to isn't there,
// errs.TooDeep if there are too many departments above it, or errs.AlreadyExists if its code is taken in the company.
func (s *Departments) Create(ctx context.Context, by access.Principal, in api.DepartmentCreate) (db.Department, error) {
	now := s.now()
	d := db.Department{
		TenantID: by.TenantID, ID: s.newID(), CompanyID: in.CompanyID, IsActive: true, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	applyDepartment(&d, api.DepartmentUpdate{
		BranchID: in.BranchID, ParentID: in.ParentID, HeadUserID: in.HeadUserID,
		Code: &in.Code, Name: &in.Name, Description: in.Description, IsActive: in.IsActive,
	})
	return s.create(ctx, by, d, func(q db.Querier) error {
		company := inCompany(ctx, q, d.TenantID, d.CompanyID)
		if err := checkReferences(append([]reference{company}, fromDepartment(ctx, q, db.Department{}, d)...)...); err != nil {
			return err
		}
		return checkParent(ctx, q, d, 1)
	})
}

// Get returns a department of the tenant, or errs.NotFound.
func (s *Departments) Get(ctx context.Context, by access.Principal, id uuid.UUID) (db.Department, error) {
	return s.get(ctx, by, id)
}

// Update changes the fields that are in the request and returns the department as it is then. The error is errs.NotFound,
// errs.StaleVersion if condition doesn't allow its version, errs.UnknownReference if something that it shall refer to isn't
// there, errs.Cycle if it would be below itself, errs.TooDeep if too many departments would be below each other, or
// errs.AlreadyExists if the new code is taken.
//
// A department that moves to another branch takes its users along: the first 1000 in the same transaction, the others in further
// ones. If that takes longer than 10 seconds the error is errs.Timeout; the same request then goes on with the rest.
func (s *Departments) Update(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, in api.DepartmentUpdate,
) (db.Department, error) {
	until := s.now().Add(deletionTime)
	more := false
	after, err := s.update(ctx, by, id, condition, func(q db.Querier, d *db.Department) error {
		before := *d
		applyDepartment(d, in)
		if err := checkReferences(fromDepartment(ctx, q, before, *d)...); err != nil {
			return err
		}
		if changed(before.ParentID, d.ParentID) {
			plan, err := departmentKind.extent(before).plan(ctx, q)
			if err != nil {
				return err
			}
			if err := checkParent(ctx, q, *d, plan.levels); err != nil {
				return err
			}
		}
		if !in.BranchID.IsSpecified() {
			return nil
		}
		var err error
		more, err = s.moveUsers(ctx, q, by, *d)
		return err
	})
	for err == nil && more {
		if !s.now().Before(until) {
			return db.Department{}, errs.New(errs.Timeout,
				"The department has moved, but not all of its users have yet. Send the same request again for the others.").After(time.Second)
		}
		if err := access.StillAllowed(ctx); err != nil {
			return db.Department{}, err
		}
		after, err = s.update(ctx, by, id, etag.Condition{}, func(q db.Querier, d *db.Department) error {
			var err error
			more, err = s.moveUsers(ctx, q, by, *d)
			return err
		})
	}
	return after, err
}

// moveUsers assigns users of a department to its branch, if they have another one, with an audit entry for each: as many as one
// transaction changes. It reports whether there may be more. Nobody is moved if the department has no branch. The company
// has to be locked.
func (s *Departments) moveUsers(ctx context.Context, q db.Querier, by access.Principal, d db.Department) (more bool, err error) {
	if d.BranchID == nil {
		return false, nil
	}
	users, err := rowsOf(q.ListUsersOfOtherBranch(ctx, db.ListUsersOfOtherBranchParams{
		TenantID: d.TenantID, DepartmentID: &d.ID, BranchID: d.BranchID, Limit: int32(s.batch), //nolint:gosec // 1000 at most
	}))
	if err != nil {
		return false, err
	}
	c := changer{q: q, log: s.audit, by: by, now: s.now()}
	for _, before := range users {
		after := before
		after.BranchID = d.BranchID
		if err := c.reassign(ctx, before, after); err != nil {
			return false, err
		}
	}
	return len(users) == s.batch, nil
}

// checkParent returns errs.Cycle if d would be below itself, or below a cycle that a change past the program has made, and
// errs.TooDeep if more than maxLevels departments would be below each other. levels counts d and those below it. The company
// has to be locked, as each of two moves may be right and both together wrong.
func checkParent(ctx context.Context, q db.Querier, d db.Department, levels int) error {
	seen := map[uuid.UUID]bool{d.ID: true}
	for above := d.ParentID; above != nil; {
		if seen[*above] {
			return wrongParent(errs.Cycle, "A department can't be below itself, or below one that is below it.")
		}
		if len(seen) > maxLevels {
			break
		}
		seen[*above] = true
		parent, err := q.GetDepartment(ctx, db.GetDepartmentParams{TenantID: d.TenantID, ID: *above})
		if errors.Is(err, store.ErrNotFound) {
			return store.ErrStale
		}
		if err != nil {
			return err
		}
		above = parent.ParentID
	}
	if above := len(seen) - 1; above > 0 && above+levels > maxLevels {
		return wrongParent(errs.TooDeep, fmt.Sprintf("At most %d departments can be below each other.", maxLevels))
	}
	return nil
}

func wrongParent(code errs.Code, detail string) error {
	return errs.New(code, detail).With(errs.Field{Pointer: "/parent_id", Detail: detail, Code: string(code)})
}

// PreviewDelete says what Delete would take with it. The error is as there.
func (s *Departments) PreviewDelete(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (api.DeletionPreview, error) {
	return s.previewDelete(ctx, by, id, condition)
}

// Delete removes a department with all that are below it; users lose the assignment. It returns what is left as
// records.delete does. The error is errs.NotFound, or errs.StaleVersion if condition doesn't allow its version.
func (s *Departments) Delete(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition) (*api.DeletionPreview, error) {
	return s.delete(ctx, by, id, condition)
}

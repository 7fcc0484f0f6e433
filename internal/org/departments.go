package org

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
)

// Departments implements the rules of departments.
type Departments struct{ *resources.Departments }

// NewDepartments returns the service.
func NewDepartments(p records.Parts) *Departments {
	return &Departments{resources.NewDepartments(p, records.Rules[db.Department]{
		Check: checkTree,
		Below: func(d *db.Department) records.Below { return extentOf(d) },
	})}
}

func extentOf(d *db.Department) extent {
	return extent{tenantID: d.TenantID, companyID: d.CompanyID, department: d}
}

// maxLevels is the greatest depth of departments. It limits the nesting of the tree's JSON.
const maxLevels = 100

// checkTree runs checkParent for a department that is new or moves.
func checkTree(ctx context.Context, q db.Querier, before, after *db.Department) error {
	if before == nil {
		return checkParent(ctx, q, *after, 1)
	}
	if after.ParentID == nil || records.Same(before.ParentID, after.ParentID) {
		return nil
	}
	plan, err := extentOf(before).plan(ctx, q)
	if err != nil {
		return err
	}
	return checkParent(ctx, q, *after, plan.levels)
}

// Update is the standard update. It also returns errs.Cycle if the department would be its own
// ancestor, or errs.TooDeep if the tree would have too many levels.
//
// If a department moves to another branch, Update moves its users, too: the first 1000 in the same
// transaction, the others in further ones. If that takes longer than 10 seconds, it returns
// errs.Timeout; the same request then continues with the rest.
func (s *Departments) Update(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, in api.DepartmentUpdate,
) (db.Department, error) {
	if !in.BranchID.IsSpecified() {
		return s.Departments.Update(ctx, by, id, condition, in)
	}
	until := s.Now().Add(records.DeletionTime)
	more := false
	moveUsers := func(c records.Change, d db.Department) error {
		var err error
		more, err = s.moveUsers(ctx, c, d)
		return err
	}
	after, err := s.UpdateAnd(ctx, by, id, condition, in, moveUsers)
	for err == nil && more {
		if !s.Now().Before(until) {
			return db.Department{}, errs.New(errs.Timeout,
				"The department has moved, but not all of its users have yet. Send the same request again for the others.").After(time.Second)
		}
		if err := access.StillAllowed(ctx); err != nil {
			return db.Department{}, err
		}
		after, err = s.UpdateAnd(ctx, by, id, etag.Condition{}, api.DepartmentUpdate{}, moveUsers)
	}
	return after, err
}

// moveUsers assigns the department's users to its branch, as many as one transaction may change,
// with an audit entry for each. It reports whether there may be more. If the department has no
// branch, it moves nobody. The company must be locked.
func (s *Departments) moveUsers(ctx context.Context, c records.Change, d db.Department) (more bool, err error) {
	if d.BranchID == nil {
		return false, nil
	}
	users, err := rowsOf(c.Tx.ListUsersOfOtherBranch(ctx, db.ListUsersOfOtherBranchParams{
		TenantID: d.TenantID, DepartmentID: &d.ID, BranchID: d.BranchID, Limit: int32(s.BatchSize()), //nolint:gosec // 1000 at most
	}))
	if err != nil {
		return false, err
	}
	for _, before := range users {
		after := before
		after.BranchID = d.BranchID
		if err := reassign(ctx, c, before, after); err != nil {
			return false, err
		}
	}
	return len(users) == s.BatchSize(), nil
}

// checkParent returns errs.Cycle if d would be its own ancestor, or would be below a cycle that a
// direct change of the database has made. It returns errs.TooDeep if there would be more than
// maxLevels levels. levels counts d and the levels below it. The company must be locked, because
// two moves may be right alone and wrong together.
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

package org

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
)

// extent is what is deleted: a branch, a department, or a whole company if both are nil.
type extent struct {
	tenantID, companyID uuid.UUID
	branchID            *uuid.UUID
	department          *db.Department
}

func (e extent) isCompany() bool { return e.branchID == nil && e.department == nil }

// includes reports whether a department is deleted even if its parent isn't.
func (e extent) includes(d db.ListDepartmentPlacesRow) bool {
	switch {
	case e.department != nil:
		return d.ID == e.department.ID
	case e.branchID != nil:
		return d.BranchID != nil && *d.BranchID == *e.branchID
	default:
		return true
	}
}

// removal is the plan of a deletion. It holds only ids, so that it stays small for a large company.
type removal struct {
	extent

	departments map[uuid.UUID]bool
	levels      int         // how many of these departments are below each other at most
	runs        []run       // of these departments, those below before those above
	cut         []uuid.UUID // of these departments, one of each cycle: it has to lose its parent first
}

// run is a list of departments of one level whose ids are consecutive in their company: the range
// from the first id to the last contains no other department.
type run []db.ListDepartmentPlacesRow

// plan returns what the deletion removes. It is valid while the company is locked.
func (e extent) plan(ctx context.Context, q db.Querier) (removal, error) {
	places, err := e.places(ctx, q)
	if err != nil {
		return removal{}, err
	}
	return e.order(places), nil
}

// places returns the departments of the company with their branches and parents. If nothing is
// below the deleted branch or department, it returns only that department, or none, which avoids
// reading the whole company.
func (e extent) places(ctx context.Context, q db.Querier) ([]db.ListDepartmentPlacesRow, error) {
	if !e.isCompany() {
		in := db.CountDepartmentsParams{TenantID: e.tenantID, CompanyID: &e.companyID, BranchID: e.branchID}
		if e.department != nil {
			in.ParentID = &e.department.ID
		}
		below, err := q.CountDepartments(ctx, in)
		switch {
		case err != nil:
			return nil, err
		case below == 0 && e.department != nil:
			return []db.ListDepartmentPlacesRow{{ID: e.department.ID}}, nil
		case below == 0:
			return nil, nil
		}
	}
	return q.ListDepartmentPlaces(ctx, db.ListDepartmentPlacesParams{TenantID: e.tenantID, CompanyID: e.companyID})
}

// order plans the deletion. places are the departments of the company, sorted by id.
func (e extent) order(places []db.ListDepartmentPlacesRow) removal {
	r := removal{extent: e, departments: map[uuid.UUID]bool{}}
	level := map[uuid.UUID]int{} // how many deleted departments are above a department
	sorted, cut := topDown(places,
		func(d *db.ListDepartmentPlacesRow) (uuid.UUID, **uuid.UUID) { return d.ID, &d.ParentID },
		func(d *db.ListDepartmentPlacesRow) bool { return e.includes(*d) })
	for _, d := range sorted {
		n := 0
		if d.ParentID != nil && r.departments[*d.ParentID] {
			n = level[*d.ParentID] + 1
		} else if !e.includes(d) {
			continue
		}
		r.departments[d.ID], level[d.ID] = true, n
		r.levels = max(r.levels, n+1)
	}
	r.cut = slices.DeleteFunc(cut, func(id uuid.UUID) bool { return !r.departments[id] })
	runs := make([][]run, r.levels)
	previous := -1 // level of the department before; -1 if that isn't deleted
	for i, d := range places {
		n, goes := level[d.ID]
		switch {
		case !goes:
			previous = -1
			continue
		case n == previous:
			last := &runs[n][len(runs[n])-1]
			*last = (*last)[:len(*last)+1] // extends the run by this department
		default:
			runs[n] = append(runs[n], places[i:i+1])
		}
		previous = n
	}
	for n := range runs {
		r.runs = append(r.runs, runs[r.levels-1-n]...)
	}
	return r
}

// release sets the deleted parts of an assignment to nil. It reports whether there are any.
func (r removal) release(companyID, branchID, departmentID **uuid.UUID) bool {
	released := false
	for _, part := range []struct {
		id   **uuid.UUID
		goes func(uuid.UUID) bool
	}{
		{companyID, func(id uuid.UUID) bool { return r.isCompany() && id == r.companyID }},
		{branchID, func(id uuid.UUID) bool { return r.isCompany() || r.branchID != nil && *r.branchID == id }},
		{departmentID, func(id uuid.UUID) bool { return r.departments[id] }},
	} {
		if *part.id != nil && part.goes(**part.id) {
			*part.id, released = nil, true
		}
	}
	return released
}

// Preview counts the departments and branches to delete, what is deleted with them, and the users
// who lose an assignment. The caller has already counted the row itself.
func (e extent) Preview(ctx context.Context, q db.Querier, counts *api.DeletionPreview) error {
	r, err := e.plan(ctx, q)
	if err != nil {
		return err
	}
	counts.Departments = int64(len(r.departments))
	if e.isCompany() {
		if counts.Branches, err = q.CountBranches(ctx, db.CountBranchesParams{TenantID: e.tenantID, CompanyID: &e.companyID}); err != nil {
			return err
		}
	} else if err := r.previewBelowDepartments(ctx, q, counts); err != nil {
		return err
	}
	assignments, err := q.ListAssignmentsToCompany(ctx, db.ListAssignmentsToCompanyParams{TenantID: e.tenantID, CompanyID: e.companyID})
	if err != nil {
		return err
	}
	for _, a := range assignments {
		if r.release(&a.CompanyID, &a.BranchID, &a.DepartmentID) {
			counts.UsersDetached += a.Users
		}
	}
	return nil
}

// previewBelowDepartments counts what is deleted with the departments below the row.
func (r removal) previewBelowDepartments(ctx context.Context, q db.Querier, counts *api.DeletionPreview) error {
	kind := resources.DepartmentKind()
	if len(kind.Counters) == 0 {
		return nil
	}
	for id := range r.departments {
		if r.department != nil && id == r.department.ID {
			continue
		}
		if err := kind.Preview(ctx, q, r.tenantID, id, counts); err != nil {
			return err
		}
	}
	return nil
}

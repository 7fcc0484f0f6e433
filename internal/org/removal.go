package org

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
)

// extent is what a deletion is about: a branch, a department, or a whole company if both ids are nil.
type extent struct {
	tenantID, companyID    uuid.UUID
	branchID, departmentID *uuid.UUID
}

func (e extent) isCompany() bool { return e.branchID == nil && e.departmentID == nil }

// includes reports whether a department is deleted although its parent isn't.
func (e extent) includes(d db.ListDepartmentPlacesRow) bool {
	switch {
	case e.departmentID != nil:
		return d.ID == *e.departmentID
	case e.branchID != nil:
		return d.BranchID != nil && *d.BranchID == *e.branchID
	default:
		return true
	}
}

// removal is the plan of a deletion. It has only ids, so that it stays small for a large company.
type removal struct {
	extent

	departments map[uuid.UUID]bool
	levels      int         // how many of these departments are below each other at most
	runs        []run       // of these departments, those below before those above
	cut         []uuid.UUID // of these departments, one of each cycle: it has to lose its parent first
}

// run is a list of departments of one level whose ids follow each other in their company: the range from the
// first id to the last one has no other department.
type run []db.ListDepartmentPlacesRow

// plan returns what the deletion removes. It is valid while the company is locked.
func (e extent) plan(ctx context.Context, q db.Querier) (removal, error) {
	places, err := e.places(ctx, q)
	if err != nil {
		return removal{}, err
	}
	return e.order(places), nil
}

// places returns the departments of the company with their branches and parents. If nothing is below the branch
// or department that is deleted, it returns only that department, or none, and so saves reading the whole
// company.
func (e extent) places(ctx context.Context, q db.Querier) ([]db.ListDepartmentPlacesRow, error) {
	if !e.isCompany() {
		below, err := q.CountDepartments(ctx, db.CountDepartmentsParams{
			TenantID: e.tenantID, CompanyID: &e.companyID, BranchID: e.branchID, ParentID: e.departmentID,
		})
		switch {
		case err != nil:
			return nil, err
		case below == 0 && e.departmentID != nil:
			return []db.ListDepartmentPlacesRow{{ID: *e.departmentID}}, nil
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

// release sets those parts of an assignment to nil that are deleted, and reports whether there are any.
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

// preview counts what the deletion removes.
func (r removal) preview(ctx context.Context, q db.Querier) (api.DeletionPreview, error) {
	counts := api.DeletionPreview{Departments: int64(len(r.departments))}
	if r.branchID != nil {
		counts.Branches = 1
	}
	if r.isCompany() {
		branches, err := q.CountBranches(ctx, db.CountBranchesParams{TenantID: r.tenantID, CompanyID: &r.companyID})
		if err != nil {
			return api.DeletionPreview{}, err
		}
		counts.Companies, counts.Branches = 1, branches
	}
	assignments, err := q.ListAssignmentsToCompany(ctx, db.ListAssignmentsToCompanyParams{TenantID: r.tenantID, CompanyID: r.companyID})
	if err != nil {
		return api.DeletionPreview{}, err
	}
	for _, a := range assignments {
		if r.release(&a.CompanyID, &a.BranchID, &a.DepartmentID) {
			counts.UsersDetached += a.Users
		}
	}
	return counts, nil
}

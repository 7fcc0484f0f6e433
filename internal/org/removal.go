package org

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
)

// extent is what a deletion is about: a branch, a department, or else a whole company.
type extent struct {
	tenantID, companyID    uuid.UUID
	branchID, departmentID *uuid.UUID
}

func (e extent) isCompany() bool { return e.branchID == nil && e.departmentID == nil }

// includes reports whether a department goes even if the one that it is below stays.
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

// removal is a plan of a deletion. It holds ids alone, so that it stays small for a company of any size.
type removal struct {
	extent

	departments map[uuid.UUID]bool
	runs        []run // of these departments, each before those that it is below
}

// run is departments of one level whose ids follow each other in their company, so that a range of ids names them all.
type run []db.ListDepartmentPlacesRow

// plan finds out what goes. It holds as long as the company is locked.
func (e extent) plan(ctx context.Context, q db.Querier) (removal, error) {
	places, err := e.places(ctx, q)
	if err != nil {
		return removal{}, err
	}
	return e.order(places), nil
}

// places are those of all departments of the company; without departments below what goes, which is quickly found out, only
// those of what goes.
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

// order plans the deletion of those of a company's departments, sorted by id, that go.
func (e extent) order(places []db.ListDepartmentPlacesRow) removal {
	r := removal{extent: e, departments: map[uuid.UUID]bool{}}
	level := map[uuid.UUID]int{} // how many of those that go a department is below
	levels := 0
	for _, d := range topDown(places, func(d db.ListDepartmentPlacesRow) (uuid.UUID, *uuid.UUID) { return d.ID, d.ParentID }) {
		n := 0
		if d.ParentID != nil && r.departments[*d.ParentID] {
			n = level[*d.ParentID] + 1
		} else if !e.includes(d) {
			continue
		}
		r.departments[d.ID], level[d.ID] = true, n
		levels = max(levels, n+1)
	}
	runs := make([][]run, levels)
	previous := -1 // the level of the department before; -1 if that stays
	for i, d := range places {
		n, goes := level[d.ID]
		switch {
		case !goes:
			previous = -1
			continue
		case n == previous:
			last := &runs[n][len(runs[n])-1]
			*last = (*last)[:len(*last)+1] // the next of the same places
		default:
			runs[n] = append(runs[n], places[i:i+1])
		}
		previous = n
	}
	for n := range runs {
		r.runs = append(r.runs, runs[levels-1-n]...)
	}
	return r
}

// release sets those parts of an assignment to nil that go, and reports whether there are any.
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

// preview counts what goes.
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

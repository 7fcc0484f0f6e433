package org

import (
	"context"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/paging"
)

// List returns a page of the tenant's departments. A cursor that doesn't fit is errs.InvalidCursor.
func (s *Departments) List(ctx context.Context, by access.Principal, in api.ListDepartmentsParams) (paging.Page[db.Department], error) {
	filters := db.DepartmentFilters{
		TenantID: by.TenantID, Code: upperCase(in.Code), CompanyID: in.CompanyID, BranchID: in.BranchID, ParentID: in.ParentID,
		IsActive: in.IsActive, Pattern: searchPattern(in.Q),
	}
	request := paging.Request{Sort: (*string)(in.Sort), Cursor: in.Cursor, Limit: in.Limit, Count: in.Count}
	return paging.Read(ctx, s.cursors, s.store, db.DepartmentList, filters, request)
}

package org

import (
	"context"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/paging"
)

// List returns a page of the tenant's branches. A cursor that doesn't fit is errs.InvalidCursor.
func (s *Branches) List(ctx context.Context, by access.Principal, in api.ListBranchesParams) (paging.Page[db.Branch], error) {
	filters := db.BranchFilters{
		TenantID: by.TenantID, Code: upperCase(in.Code), CompanyID: in.CompanyID, Country: in.Country,
		IsHeadquarters: in.IsHeadquarters, IsActive: in.IsActive, Pattern: searchPattern(in.Q),
	}
	request := paging.Request{Sort: (*string)(in.Sort), Cursor: in.Cursor, Limit: in.Limit, Count: in.Count}
	return paging.Read(ctx, s.cursors, s.store, db.BranchList, filters, request)
}

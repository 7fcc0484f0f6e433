package org

import (
	"context"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/paging"
)

// List returns a page of the tenant's companies. A cursor that doesn't fit is errs.InvalidCursor.
func (s *Companies) List(ctx context.Context, by access.Principal, in api.ListCompaniesParams) (paging.Page[db.Company], error) {
	filters := db.CompanyFilters{
		TenantID: by.TenantID, Code: upperCase(in.Code), Country: in.Country, IsActive: in.IsActive, Pattern: searchPattern(in.Q),
	}
	request := paging.Request{Sort: (*string)(in.Sort), Cursor: in.Cursor, Limit: in.Limit, Count: in.Count}
	return paging.Read(ctx, s.cursors, s.store, db.CompanyList, filters, request)
}

package tenant

import (
	"context"
	"strings"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/search"
)

// List returns a page of all tenants, the platform among them. A cursor that doesn't fit is errs.InvalidCursor.
func (s *Service) List(ctx context.Context, in api.ListTenantsParams) (paging.Page[db.Tenant], error) {
	filters := db.TenantFilters{Code: nil, Tier: (*string)(in.Tier), Status: (*string)(in.Status), Pattern: nil}
	if in.Code != nil {
		filters.Code = new(strings.ToUpper(*in.Code))
	}
	if in.Q != nil {
		filters.Pattern = new(search.Pattern(*in.Q))
	}
	request := paging.Request{Sort: (*string)(in.Sort), Cursor: in.Cursor, Limit: in.Limit, Count: in.Count}
	return paging.Read(ctx, s.cursors, s.store, db.TenantList, filters, request)
}

package tenant

import (
	"context"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/records"
)

// List returns a page of all tenants, including the platform. It returns errs.InvalidCursor if the
// cursor isn't of this list.
func (s *Service) List(ctx context.Context, in api.ListTenantsParams) (paging.Page[db.Tenant], error) {
	filters := db.TenantFilters{
		Code: records.UpperCase(in.Code), Tier: (*string)(in.Tier), Status: (*string)(in.Status), Pattern: records.SearchPattern(in.Q),
	}
	request := paging.Request{Sort: (*string)(in.Sort), Cursor: in.Cursor, Limit: in.Limit, Count: in.Count}
	return paging.Read(ctx, s.parts.Cursors, s.store, db.TenantList, filters, request)
}

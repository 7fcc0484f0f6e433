package tenant

import (
	"context"
	"strings"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/search"
)

// filters is the part of a list's parameters that decides what is in it.
type filters = db.CountTenantsParams

func filtersOf(in api.ListTenantsParams) filters {
	f := filters{Tier: (*string)(in.Tier), Status: (*string)(in.Status)}
	if in.Code != nil {
		f.Code = new(strings.ToUpper(*in.Code))
	}
	if in.Q != nil {
		f.Pattern = new(search.Pattern(*in.Q))
	}
	return f
}

// List returns a page of all tenants, the platform among them. A cursor that doesn't fit is errs.InvalidCursor.
func (s *Service) List(ctx context.Context, in api.ListTenantsParams) (paging.Page[db.Tenant], error) {
	f := filtersOf(in)
	list := paging.List{TenantID: access.PlatformTenantID, Name: "listTenants", Filters: f}
	request := paging.Request{Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit, Count: in.Count}

	byTime := func(after paging.Place, limit int32) db.ListTenantsByCreatedAtParams {
		return db.ListTenantsByCreatedAtParams{
			AfterCreatedAt: after.CreatedAt, AfterID: after.ID, Limit: limit,
			Code: f.Code, Tier: f.Tier, Status: f.Status, Pattern: f.Pattern,
		}
	}
	byTimeDesc := func(after paging.Place, limit int32) db.ListTenantsByCreatedAtDescParams {
		return db.ListTenantsByCreatedAtDescParams(byTime(after, limit))
	}
	byName := func(after paging.Place, limit int32) db.ListTenantsByNameParams {
		return db.ListTenantsByNameParams{
			AfterNameKey: after.NameKey, AfterID: after.ID, Limit: limit,
			Code: f.Code, Tier: f.Tier, Status: f.Status, Pattern: f.Pattern,
		}
	}
	byNameDesc := func(after paging.Place, limit int32) db.ListTenantsByNameDescParams {
		return db.ListTenantsByNameDescParams(byName(after, limit))
	}
	return paging.Read(ctx, s.cursors, list, request, paging.Source[db.Tenant]{
		Orders: map[api.Sort]paging.Query[db.Tenant]{
			api.SortCreatedAt:     paging.By(s.store.ListTenantsByCreatedAt, byTime),
			api.SortCreatedAtDesc: paging.By(s.store.ListTenantsByCreatedAtDesc, byTimeDesc),
			api.SortName:          paging.By(s.store.ListTenantsByName, byName),
			api.SortNameDesc:      paging.By(s.store.ListTenantsByNameDesc, byNameDesc),
		},
		Count: func(ctx context.Context) (int64, error) { return s.store.CountTenants(ctx, f) },
		Place: func(t db.Tenant) paging.Place {
			return paging.Place{CreatedAt: t.CreatedAt, NameKey: t.NameKey, ID: t.ID}
		},
	})
}

package org

import (
	"context"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/paging"
)

// companyFilters is the part of a list's parameters that decides what is in it.
type companyFilters struct {
	Code, Country, Pattern *string
	IsActive               *bool
}

// List returns a page of the tenant's companies. A cursor that doesn't fit is errs.InvalidCursor.
func (s *Companies) List(ctx context.Context, by access.Principal, in api.ListCompaniesParams) (paging.Page[db.Company], error) {
	f := companyFilters{
		Code: upperCase(in.Code), Country: in.Country, Pattern: searchPattern(in.Q), IsActive: in.IsActive,
	}
	list := paging.List{TenantID: by.TenantID, Name: "listCompanies", Filters: f}
	request := paging.Request{Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit, Count: in.Count}

	byTime := func(after paging.Place, limit int32) db.ListCompaniesByCreatedAtParams {
		return db.ListCompaniesByCreatedAtParams{
			TenantID: by.TenantID, AfterCreatedAt: after.CreatedAt, AfterID: after.ID, Limit: limit,
			Code: f.Code, Country: f.Country, IsActive: f.IsActive, Pattern: f.Pattern,
		}
	}
	byTimeDesc := func(after paging.Place, limit int32) db.ListCompaniesByCreatedAtDescParams {
		return db.ListCompaniesByCreatedAtDescParams(byTime(after, limit))
	}
	byName := func(after paging.Place, limit int32) db.ListCompaniesByNameParams {
		return db.ListCompaniesByNameParams{
			TenantID: by.TenantID, AfterNameKey: after.NameKey, AfterID: after.ID, Limit: limit,
			Code: f.Code, Country: f.Country, IsActive: f.IsActive, Pattern: f.Pattern,
		}
	}
	byNameDesc := func(after paging.Place, limit int32) db.ListCompaniesByNameDescParams {
		return db.ListCompaniesByNameDescParams(byName(after, limit))
	}
	return paging.Read(ctx, s.cursors, list, request, paging.Source[db.Company]{
		Orders: map[api.Sort]paging.Query[db.Company]{
			api.SortCreatedAt:     paging.By(s.store.ListCompaniesByCreatedAt, byTime),
			api.SortCreatedAtDesc: paging.By(s.store.ListCompaniesByCreatedAtDesc, byTimeDesc),
			api.SortName:          paging.By(s.store.ListCompaniesByName, byName),
			api.SortNameDesc:      paging.By(s.store.ListCompaniesByNameDesc, byNameDesc),
		},
		Count: func(ctx context.Context) (int64, error) {
			return s.store.CountCompanies(ctx, db.CountCompaniesParams{
				TenantID: by.TenantID,
				Code:     f.Code, Country: f.Country, IsActive: f.IsActive, Pattern: f.Pattern,
			})
		},
		Place: func(r db.Company) paging.Place {
			return paging.Place{CreatedAt: r.CreatedAt, NameKey: r.NameKey, ID: r.ID}
		},
	})
}

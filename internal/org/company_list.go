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
	f := companyFilters{Code: upperCase(in.Code), Country: in.Country, Pattern: searchPattern(in.Q), IsActive: in.IsActive}
	list := paging.List{TenantID: by.TenantID, Name: "listCompanies", Filters: f}
	request := paging.Request{Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit, Count: in.Count}

	byTime := func(after paging.Place, limit int32) db.ListCompaniesByCreatedAtParams {
		return db.ListCompaniesByCreatedAtParams{
			TenantID: by.TenantID, AfterCreatedAt: after.CreatedAt, AfterID: after.ID,
			Code: f.Code, Country: f.Country, IsActive: f.IsActive, Pattern: f.Pattern, Limit: limit,
		}
	}
	byName := func(after paging.Place, limit int32) db.ListCompaniesByNameParams {
		return db.ListCompaniesByNameParams{
			TenantID: by.TenantID, AfterNameKey: after.NameKey, AfterID: after.ID,
			Code: f.Code, Country: f.Country, IsActive: f.IsActive, Pattern: f.Pattern, Limit: limit,
		}
	}
	return paging.Read(ctx, s.cursors, list, request, paging.Source[db.Company]{
		Orders: map[api.Sort]func(context.Context, paging.Place, int32) ([]db.Company, error){
			api.SortCreatedAt: func(ctx context.Context, after paging.Place, limit int32) ([]db.Company, error) {
				return s.store.ListCompaniesByCreatedAt(ctx, byTime(after, limit))
			},
			api.SortCreatedAtDesc: func(ctx context.Context, after paging.Place, limit int32) ([]db.Company, error) {
				return s.store.ListCompaniesByCreatedAtDesc(ctx, db.ListCompaniesByCreatedAtDescParams(byTime(after, limit)))
			},
			api.SortName: func(ctx context.Context, after paging.Place, limit int32) ([]db.Company, error) {
				return s.store.ListCompaniesByName(ctx, byName(after, limit))
			},
			api.SortNameDesc: func(ctx context.Context, after paging.Place, limit int32) ([]db.Company, error) {
				return s.store.ListCompaniesByNameDesc(ctx, db.ListCompaniesByNameDescParams(byName(after, limit)))
			},
		},
		Count: func(ctx context.Context) (int64, error) {
			return s.store.CountCompanies(ctx, db.CountCompaniesParams{
				TenantID: by.TenantID, Code: f.Code, Country: f.Country, IsActive: f.IsActive, Pattern: f.Pattern,
			})
		},
		Place: func(c db.Company) paging.Place {
			return paging.Place{CreatedAt: c.CreatedAt, NameKey: c.NameKey, ID: c.ID}
		},
	})
}

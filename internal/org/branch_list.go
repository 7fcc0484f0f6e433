package org

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/paging"
)

// branchFilters is the part of a list's parameters that decides what is in it.
type branchFilters struct {
	Code, Country, Pattern   *string
	CompanyID                *uuid.UUID
	IsHeadquarters, IsActive *bool
}

// List returns a page of the tenant's branches. A cursor that doesn't fit is errs.InvalidCursor.
func (s *Branches) List(ctx context.Context, by access.Principal, in api.ListBranchesParams) (paging.Page[db.Branch], error) {
	f := branchFilters{
		Code: upperCase(in.Code), Country: in.Country, Pattern: searchPattern(in.Q),
		CompanyID: in.CompanyID, IsHeadquarters: in.IsHeadquarters, IsActive: in.IsActive,
	}
	list := paging.List{TenantID: by.TenantID, Name: "listBranches", Filters: f}
	request := paging.Request{Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit, Count: in.Count}

	byTime := func(after paging.Place, limit int32) db.ListBranchesByCreatedAtParams {
		return db.ListBranchesByCreatedAtParams{
			TenantID: by.TenantID, AfterCreatedAt: after.CreatedAt, AfterID: after.ID, Limit: limit,
			Code: f.Code, CompanyID: f.CompanyID, Country: f.Country,
			IsHeadquarters: f.IsHeadquarters, IsActive: f.IsActive, Pattern: f.Pattern,
		}
	}
	byTimeDesc := func(after paging.Place, limit int32) db.ListBranchesByCreatedAtDescParams {
		return db.ListBranchesByCreatedAtDescParams(byTime(after, limit))
	}
	byName := func(after paging.Place, limit int32) db.ListBranchesByNameParams {
		return db.ListBranchesByNameParams{
			TenantID: by.TenantID, AfterNameKey: after.NameKey, AfterID: after.ID, Limit: limit,
			Code: f.Code, CompanyID: f.CompanyID, Country: f.Country,
			IsHeadquarters: f.IsHeadquarters, IsActive: f.IsActive, Pattern: f.Pattern,
		}
	}
	byNameDesc := func(after paging.Place, limit int32) db.ListBranchesByNameDescParams {
		return db.ListBranchesByNameDescParams(byName(after, limit))
	}
	return paging.Read(ctx, s.cursors, list, request, paging.Source[db.Branch]{
		Orders: map[api.Sort]paging.Query[db.Branch]{
			api.SortCreatedAt:     paging.By(s.store.ListBranchesByCreatedAt, byTime),
			api.SortCreatedAtDesc: paging.By(s.store.ListBranchesByCreatedAtDesc, byTimeDesc),
			api.SortName:          paging.By(s.store.ListBranchesByName, byName),
			api.SortNameDesc:      paging.By(s.store.ListBranchesByNameDesc, byNameDesc),
		},
		Count: func(ctx context.Context) (int64, error) {
			return s.store.CountBranches(ctx, db.CountBranchesParams{
				TenantID: by.TenantID,
				Code:     f.Code, CompanyID: f.CompanyID, Country: f.Country,
				IsHeadquarters: f.IsHeadquarters, IsActive: f.IsActive, Pattern: f.Pattern,
			})
		},
		Place: func(r db.Branch) paging.Place {
			return paging.Place{CreatedAt: r.CreatedAt, NameKey: r.NameKey, ID: r.ID}
		},
	})
}

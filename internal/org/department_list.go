package org

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/paging"
)

// departmentFilters is the part of a list's parameters that decides what is in it.
type departmentFilters struct {
	Code, Pattern                 *string
	CompanyID, BranchID, ParentID *uuid.UUID
	IsActive                      *bool
}

// List returns a page of the tenant's departments. A cursor that doesn't fit is errs.InvalidCursor.
func (s *Departments) List(ctx context.Context, by access.Principal, in api.ListDepartmentsParams) (paging.Page[db.Department], error) {
	f := departmentFilters{
		Code: upperCase(in.Code), Pattern: searchPattern(in.Q),
		CompanyID: in.CompanyID, BranchID: in.BranchID, ParentID: in.ParentID, IsActive: in.IsActive,
	}
	list := paging.List{TenantID: by.TenantID, Name: "listDepartments", Filters: f}
	request := paging.Request{Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit, Count: in.Count}

	byTime := func(after paging.Place, limit int32) db.ListDepartmentsByCreatedAtParams {
		return db.ListDepartmentsByCreatedAtParams{
			TenantID: by.TenantID, AfterCreatedAt: after.CreatedAt, AfterID: after.ID, Limit: limit,
			Code: f.Code, CompanyID: f.CompanyID, BranchID: f.BranchID, ParentID: f.ParentID,
			IsActive: f.IsActive, Pattern: f.Pattern,
		}
	}
	byTimeDesc := func(after paging.Place, limit int32) db.ListDepartmentsByCreatedAtDescParams {
		return db.ListDepartmentsByCreatedAtDescParams(byTime(after, limit))
	}
	byName := func(after paging.Place, limit int32) db.ListDepartmentsByNameParams {
		return db.ListDepartmentsByNameParams{
			TenantID: by.TenantID, AfterNameKey: after.NameKey, AfterID: after.ID, Limit: limit,
			Code: f.Code, CompanyID: f.CompanyID, BranchID: f.BranchID, ParentID: f.ParentID,
			IsActive: f.IsActive, Pattern: f.Pattern,
		}
	}
	byNameDesc := func(after paging.Place, limit int32) db.ListDepartmentsByNameDescParams {
		return db.ListDepartmentsByNameDescParams(byName(after, limit))
	}
	return paging.Read(ctx, s.cursors, list, request, paging.Source[db.Department]{
		Orders: map[api.Sort]paging.Query[db.Department]{
			api.SortCreatedAt:     paging.By(s.store.ListDepartmentsByCreatedAt, byTime),
			api.SortCreatedAtDesc: paging.By(s.store.ListDepartmentsByCreatedAtDesc, byTimeDesc),
			api.SortName:          paging.By(s.store.ListDepartmentsByName, byName),
			api.SortNameDesc:      paging.By(s.store.ListDepartmentsByNameDesc, byNameDesc),
		},
		Count: func(ctx context.Context) (int64, error) {
			return s.store.CountDepartments(ctx, db.CountDepartmentsParams{
				TenantID: by.TenantID,
				Code:     f.Code, CompanyID: f.CompanyID, BranchID: f.BranchID, ParentID: f.ParentID,
				IsActive: f.IsActive, Pattern: f.Pattern,
			})
		},
		Place: func(r db.Department) paging.Place {
			return paging.Place{CreatedAt: r.CreatedAt, NameKey: r.NameKey, ID: r.ID}
		},
	})
}

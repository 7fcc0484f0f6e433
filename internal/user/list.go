package user

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/search"
	"github.com/tenantry/tenantry/internal/store"
)

// filters is the part of a list's parameters that decides what is in it.
type filters struct {
	Email, Role, Pattern              *string
	IsActive                          *bool
	CompanyID, BranchID, DepartmentID *uuid.UUID
}

func filtersOf(in api.ListUsersParams) filters {
	f := filters{IsActive: in.IsActive, CompanyID: in.CompanyID, BranchID: in.BranchID, DepartmentID: in.DepartmentID}
	if in.Email != nil {
		f.Email = new(email.Normalize(*in.Email))
	}
	if in.Role != nil {
		f.Role = new(string(*in.Role))
	}
	if in.Q != nil {
		f.Pattern = new(search.Pattern(*in.Q))
	}
	return f
}

// findFormer filters by the stored form of an address, if that is a former one.
func (s *Service) findFormer(ctx context.Context, by access.Principal, in api.ListUsersParams, f *filters) error {
	if in.Email == nil || len(email.FormerForms(*in.Email)) == 0 {
		return nil
	}
	u, err := auth.UserByEmail(ctx, s.store, *in.Email)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil && u.TenantID == by.TenantID {
		f.Email = &u.Email
	}
	return err
}

// List returns a page of the tenant's users. A cursor that doesn't fit is errs.InvalidCursor, a filter that no e-mail address matches
// errs.ValidationFailed.
func (s *Service) List(ctx context.Context, by access.Principal, in api.ListUsersParams) (paging.Page[db.User], error) {
	if in.Email != nil {
		if fault := email.Fault(strings.TrimSpace(*in.Email)); fault != "" {
			return paging.Page[db.User]{}, errs.Invalid(errs.Field{Parameter: "email", Detail: fault, Code: "format"})
		}
	}
	f := filtersOf(in)
	if err := s.findFormer(ctx, by, in, &f); err != nil {
		return paging.Page[db.User]{}, err
	}
	list := paging.List{TenantID: by.TenantID, Name: "listUsers", Filters: f}
	request := paging.Request{Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit, Count: in.Count}

	byTime := func(after paging.Place, limit int32) db.ListUsersByCreatedAtParams {
		return db.ListUsersByCreatedAtParams{
			TenantID: by.TenantID, AfterCreatedAt: after.CreatedAt, AfterID: after.ID, Limit: limit,
			Email: f.Email, Role: f.Role, IsActive: f.IsActive,
			CompanyID: f.CompanyID, BranchID: f.BranchID, DepartmentID: f.DepartmentID, Pattern: f.Pattern,
		}
	}
	byTimeDesc := func(after paging.Place, limit int32) db.ListUsersByCreatedAtDescParams {
		return db.ListUsersByCreatedAtDescParams(byTime(after, limit))
	}
	byName := func(after paging.Place, limit int32) db.ListUsersByNameParams {
		return db.ListUsersByNameParams{
			TenantID: by.TenantID, AfterNameKey: after.NameKey, AfterID: after.ID, Limit: limit,
			Email: f.Email, Role: f.Role, IsActive: f.IsActive,
			CompanyID: f.CompanyID, BranchID: f.BranchID, DepartmentID: f.DepartmentID, Pattern: f.Pattern,
		}
	}
	byNameDesc := func(after paging.Place, limit int32) db.ListUsersByNameDescParams {
		return db.ListUsersByNameDescParams(byName(after, limit))
	}
	return paging.Read(ctx, s.cursors, list, request, paging.Source[db.User]{
		Orders: map[api.Sort]paging.Query[db.User]{
			api.SortCreatedAt:     paging.By(s.store.ListUsersByCreatedAt, byTime),
			api.SortCreatedAtDesc: paging.By(s.store.ListUsersByCreatedAtDesc, byTimeDesc),
			api.SortName:          paging.By(s.store.ListUsersByName, byName),
			api.SortNameDesc:      paging.By(s.store.ListUsersByNameDesc, byNameDesc),
		},
		Count: func(ctx context.Context) (int64, error) {
			return s.store.CountUsers(ctx, db.CountUsersParams{
				TenantID: by.TenantID, Email: f.Email, Role: f.Role, IsActive: f.IsActive,
				CompanyID: f.CompanyID, BranchID: f.BranchID, DepartmentID: f.DepartmentID, Pattern: f.Pattern,
			})
		},
		Place: func(u db.User) paging.Place {
			return paging.Place{CreatedAt: u.CreatedAt, NameKey: u.NameKey, ID: u.ID}
		},
	})
}

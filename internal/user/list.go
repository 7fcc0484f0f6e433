package user

import (
	"context"
	"strings"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/records"
)

func filtersOf(by access.Principal, in api.ListUsersParams) db.UserFilters {
	f := db.UserFilters{
		TenantID: by.TenantID, Email: nil, Role: (*string)(in.Role), IsActive: in.IsActive, IsInvited: in.IsInvited,
		CompanyID: in.CompanyID, BranchID: in.BranchID, DepartmentID: in.DepartmentID, Pattern: records.SearchPattern(in.Q),
	}
	if in.Email != nil {
		f.Email = new(email.Normalize(*in.Email))
	}
	return f
}

// findFormer filters by the stored form of an e-mail address, if that form is a former one.
func (s *Service) findFormer(ctx context.Context, by access.Principal, in api.ListUsersParams, f *db.UserFilters) error {
	if in.Email == nil {
		return nil
	}
	users, err := usersWithFormer(ctx, s.store, by.TenantID, *in.Email)
	if len(users) > 0 {
		f.Email = &users[0].Email
	}
	return err
}

// List returns a page of the tenant's users. It returns errs.InvalidCursor if the cursor isn't of
// this list, or errs.ValidationFailed if a filter can't match any e-mail address.
func (s *Service) List(ctx context.Context, by access.Principal, in api.ListUsersParams) (paging.Page[db.User], error) {
	if in.Email != nil {
		if fault := email.Fault(strings.TrimSpace(*in.Email)); fault != "" {
			return paging.Page[db.User]{}, errs.Invalid(errs.Field{Parameter: "email", Detail: fault, Code: "format"})
		}
	}
	filters := filtersOf(by, in)
	if err := s.findFormer(ctx, by, in, &filters); err != nil {
		return paging.Page[db.User]{}, err
	}
	request := paging.Request{Sort: (*string)(in.Sort), Cursor: in.Cursor, Limit: in.Limit, Count: in.Count}
	return paging.Read(ctx, s.parts.Cursors, s.store, db.UserList, filters, request)
}

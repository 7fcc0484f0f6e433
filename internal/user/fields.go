package user

import (
	"strings"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/patch"
	"github.com/tenantry/tenantry/internal/search"
)

// apply puts the fields that are in the request into u.
func apply(u *db.User, in api.UserUpdate) {
	if in.Email != nil {
		u.Email = email.Normalize(*in.Email)
	}
	if in.Role != nil {
		u.Role = string(*in.Role)
	}
	patch.Set(&u.FullName, in.FullName)
	patch.Apply(&u.Phone, in.Phone)
	patch.Apply(&u.CompanyID, in.CompanyID)
	patch.Apply(&u.BranchID, in.BranchID)
	patch.Apply(&u.DepartmentID, in.DepartmentID)
	Derive(u)
}

// Derive sets the columns that are made from others. They are made here, so that all engines sort and search alike.
func Derive(u *db.User) {
	u.NameKey = strings.ToLower(u.FullName)
	parts := []string{u.FullName, email.SearchText(u.Email)}
	if u.Phone != nil {
		parts = append(parts, *u.Phone)
	}
	u.SearchText = search.Text(parts...)
}

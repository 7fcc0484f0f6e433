package user

import (
	"strings"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/patch"
	"github.com/tenantry/tenantry/internal/records"
)

// apply copies the fields that are in the request into u.
func apply(u *db.User, in api.UserUpdate) {
	if in.Email != nil {
		u.Email = email.Normalize(*in.Email)
	}
	patch.Set(&u.Role, (*string)(in.Role))
	patch.Set(&u.FullName, in.FullName)
	patch.Apply(&u.Phone, in.Phone)
	patch.Apply(&u.CompanyID, in.CompanyID)
	patch.Apply(&u.BranchID, in.BranchID)
	patch.Apply(&u.DepartmentID, in.DepartmentID)
}

// Derive sets the derived columns. The program computes them, so that all engines sort and search
// alike.
func Derive(u *db.User) {
	u.NameKey = strings.ToLower(u.FullName)
	u.SearchText = records.SearchText(&u.FullName, records.EmailText(&u.Email), u.Phone)
}

package org

import (
	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/patch"
)

// applyDepartment puts the fields that are in the request into d.
func applyDepartment(d *db.Department, in api.DepartmentUpdate) {
	patch.Set(&d.Code, upperCase(in.Code))
	patch.Set(&d.Name, in.Name)
	patch.Set(&d.IsActive, in.IsActive)
	patch.Apply(&d.BranchID, in.BranchID)
	patch.Apply(&d.ParentID, in.ParentID)
	patch.Apply(&d.HeadUserID, in.HeadUserID)
	patch.Apply(&d.Description, in.Description)
	DeriveDepartment(d)
}

// DeriveDepartment sets the columns that are made from others.
func DeriveDepartment(d *db.Department) {
	d.NameKey = foldCase(d.Name)
	d.SearchText = searchText(d.Code, d.Name, d.Description)
}

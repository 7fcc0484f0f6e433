package org

import (
	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
)

// applyDepartment puts the fields that are in the request into d.
func applyDepartment(d *db.Department, in api.DepartmentUpdate) {
	set(&d.Code, upperCase(in.Code))
	set(&d.Name, in.Name)
	set(&d.IsActive, in.IsActive)
	apply(&d.BranchID, in.BranchID)
	apply(&d.ParentID, in.ParentID)
	apply(&d.HeadUserID, in.HeadUserID)
	apply(&d.Description, in.Description)
	DeriveDepartment(d)
}

// DeriveDepartment sets the columns that are made from others.
func DeriveDepartment(d *db.Department) {
	d.NameKey = foldCase(d.Name)
	d.SearchText = searchText(d.Code, d.Name, d.Description)
}

// updateDepartment changes every column of a department to those of d, if it still has d's version.
func updateDepartment(d db.Department) db.UpdateDepartmentParams {
	return db.UpdateDepartmentParams{
		BranchID: d.BranchID, ParentID: d.ParentID, HeadUserID: d.HeadUserID,
		Code: d.Code, Name: d.Name, NameKey: d.NameKey, Description: d.Description, IsActive: d.IsActive,
		SearchText: d.SearchText, UpdatedAt: d.UpdatedAt,
		TenantID: d.TenantID, ID: d.ID, Version: d.Version,
	}
}

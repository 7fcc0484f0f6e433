package org

import (
	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/patch"
)

// applyBranch puts the fields that are in the request into b.
func applyBranch(b *db.Branch, in api.BranchUpdate) {
	patch.Set(&b.Code, upperCase(in.Code))
	patch.Set(&b.Name, in.Name)
	patch.Set(&b.IsHeadquarters, in.IsHeadquarters)
	patch.Set(&b.IsActive, in.IsActive)
	patch.Apply(&b.Email, in.Email)
	patch.Apply(&b.Phone, in.Phone)
	patch.Apply(&b.Latitude, in.Latitude)
	patch.Apply(&b.Longitude, in.Longitude)
	address{&b.AddressLine1, &b.AddressLine2, &b.City, &b.State, &b.PostalCode, &b.Country}.apply(in.Address)
	DeriveBranch(b)
}

// DeriveBranch sets the columns that are made from others.
func DeriveBranch(b *db.Branch) {
	b.NameKey = foldCase(b.Name)
	b.SearchText = searchText(b.Code, b.Name, addressText(b.Email), b.AddressLine1, b.City)
}

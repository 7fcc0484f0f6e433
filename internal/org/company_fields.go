package org

import (
	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/patch"
)

// applyCompany puts the fields that are in the request into c.
func applyCompany(c *db.Company, in api.CompanyUpdate) {
	patch.Set(&c.Code, upperCase(in.Code))
	patch.Set(&c.Name, in.Name)
	patch.Set(&c.IsActive, in.IsActive)
	patch.Apply(&c.Description, in.Description)
	patch.Apply(&c.Email, in.Email)
	patch.Apply(&c.Phone, in.Phone)
	patch.Apply(&c.Website, in.Website)
	patch.Apply(&c.TaxID, in.TaxID)
	patch.Apply(&c.RegistrationNumber, in.RegistrationNumber)
	address{&c.AddressLine1, &c.AddressLine2, &c.City, &c.State, &c.PostalCode, &c.Country}.apply(in.Address)
	DeriveCompany(c)
}

// DeriveCompany sets the columns that are made from others.
func DeriveCompany(c *db.Company) {
	c.NameKey = foldCase(c.Name)
	c.SearchText = searchText(c.Code, c.Name, c.Description, addressText(c.Email), c.City, c.TaxID, c.RegistrationNumber)
}

package org

import (
	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
)

// applyCompany puts the fields that are in the request into c.
func applyCompany(c *db.Company, in api.CompanyUpdate) {
	set(&c.Code, upperCase(in.Code))
	set(&c.Name, in.Name)
	set(&c.IsActive, in.IsActive)
	apply(&c.Description, in.Description)
	apply(&c.Email, in.Email)
	apply(&c.Phone, in.Phone)
	apply(&c.Website, in.Website)
	apply(&c.TaxID, in.TaxID)
	apply(&c.RegistrationNumber, in.RegistrationNumber)
	address{&c.AddressLine1, &c.AddressLine2, &c.City, &c.State, &c.PostalCode, &c.Country}.apply(in.Address)
	DeriveCompany(c)
}

// DeriveCompany sets the columns that are made from others.
func DeriveCompany(c *db.Company) {
	c.NameKey = foldCase(c.Name)
	c.SearchText = searchText(c.Code, c.Name, c.Description, c.Email, c.City, c.TaxID, c.RegistrationNumber)
}

// updateCompany changes every column of a company to those of c, if it still has c's version.
func updateCompany(c db.Company) db.UpdateCompanyParams {
	return db.UpdateCompanyParams{
		Code: c.Code, Name: c.Name, NameKey: c.NameKey, Description: c.Description,
		Email: c.Email, Phone: c.Phone, Website: c.Website,
		AddressLine1: c.AddressLine1, AddressLine2: c.AddressLine2, City: c.City,
		State: c.State, PostalCode: c.PostalCode, Country: c.Country,
		TaxID: c.TaxID, RegistrationNumber: c.RegistrationNumber, IsActive: c.IsActive,
		SearchText: c.SearchText, UpdatedAt: c.UpdatedAt,
		TenantID: c.TenantID, ID: c.ID, Version: c.Version,
	}
}

package org

import (
	"strings"

	"github.com/oapi-codegen/nullable"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
)

// applyCompany puts the fields that are in the request into c: a value changes one, null clears it, absence leaves it alone.
func applyCompany(c *db.Company, in api.CompanyUpdate) {
	if in.Code != nil {
		c.Code = strings.ToUpper(*in.Code)
	}
	if in.Name != nil {
		c.Name = *in.Name
	}
	if in.IsActive != nil {
		c.IsActive = *in.IsActive
	}
	apply(&c.Description, in.Description)
	apply(&c.Email, in.Email)
	apply(&c.Phone, in.Phone)
	apply(&c.Website, in.Website)
	apply(&c.TaxID, in.TaxID)
	apply(&c.RegistrationNumber, in.RegistrationNumber)
	if in.Address.IsNull() {
		c.AddressLine1, c.AddressLine2, c.City, c.State, c.PostalCode, c.Country = nil, nil, nil, nil, nil, nil
	}
	if address, err := in.Address.Get(); err == nil {
		apply(&c.AddressLine1, address.Line1)
		apply(&c.AddressLine2, address.Line2)
		apply(&c.City, address.City)
		apply(&c.State, address.State)
		apply(&c.PostalCode, address.PostalCode)
		apply(&c.Country, address.Country)
	}
	DeriveCompany(c)
}

func apply(field **string, change nullable.Nullable[string]) {
	if !change.IsSpecified() {
		return
	}
	*field = nil
	if value, err := change.Get(); err == nil {
		*field = &value
	}
}

// DeriveCompany sets the columns that are made from others. They are made here, so that all engines sort and search alike.
func DeriveCompany(c *db.Company) {
	c.NameKey = foldCase(c.Name)
	parts := []string{c.Code, c.Name}
	for _, p := range []*string{c.Description, c.Email, c.City, c.TaxID, c.RegistrationNumber} {
		if p != nil {
			parts = append(parts, *p)
		}
	}
	c.SearchText = foldSearch(strings.Join(parts, "\n"))
}

// foldCase makes texts equal that differ in upper and lower case alone. It is never longer than s, counted in characters.
func foldCase(s string) string { return strings.ToLower(s) }

// wildcards are what LIKE gives a meaning to, on one engine or another. Their wide twins have none.
var wildcards = strings.NewReplacer("%", "\uff05", "_", "\uff3f", `\`, "\uff3c")

func foldSearch(s string) string { return wildcards.Replace(foldCase(s)) }

// searchPattern is what SearchText is LIKE when it contains q.
func searchPattern(q string) string { return "%" + foldSearch(q) + "%" }

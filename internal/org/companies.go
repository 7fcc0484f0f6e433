// Package org implements the rules of companies, branches and departments.
package org

import (
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/tenant"
)

// Companies implements the rules of companies.
type Companies struct{ *resources.Companies }

// NewCompanies returns the service. A tenant may have a quota of companies.
func NewCompanies(p records.Parts) *Companies {
	return &Companies{resources.NewCompanies(p, records.Rules[db.Company]{
		Admit: tenant.CompanyQuota.Add,
		Below: func(c *db.Company) records.Below { return extent{tenantID: c.TenantID, companyID: c.ID} },
	})}
}

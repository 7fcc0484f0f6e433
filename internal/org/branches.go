package org

import (
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/records"
)

// Branches implements the rules of branches.
type Branches struct{ *resources.Branches }

// NewBranches returns the service.
func NewBranches(p records.Parts) *Branches {
	return &Branches{resources.NewBranches(p, records.Rules[db.Branch]{
		Below: func(b *db.Branch) records.Below {
			return extent{tenantID: b.TenantID, companyID: b.CompanyID, branchID: &b.ID}
		},
	})}
}

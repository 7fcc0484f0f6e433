package org

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func TestTreeOfMoreThanTheLimitIsTooLarge(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		tenant := db.Tenant{ID: uuid.New(), Code: "T", Name: "T", Tier: "free", Status: "active", CreatedAt: now, UpdatedAt: now, Version: 1}
		company := db.Company{TenantID: tenant.ID, ID: uuid.New(), Code: "C", Name: "C", CreatedAt: now, UpdatedAt: now, Version: 1}
		branch := db.Branch{TenantID: tenant.ID, ID: uuid.New(), CompanyID: company.ID, Code: "B", Name: "B", CreatedAt: now, UpdatedAt: now, Version: 1}
		department := db.Department{TenantID: tenant.ID, ID: uuid.New(), CompanyID: company.ID, Code: "D", Name: "D", CreatedAt: now, UpdatedAt: now, Version: 1}
		for _, err := range []error{
			s.InsertTenant(t.Context(), db.InsertTenantParams(tenant)), s.InsertCompany(t.Context(), db.InsertCompanyParams(company)),
			s.InsertBranch(t.Context(), db.InsertBranchParams(branch)), s.InsertDepartment(t.Context(), db.InsertDepartmentParams(department)),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		by := access.Principal{TenantID: tenant.ID}
		for limit := int32(1); limit <= 4; limit++ {
			trees := NewTrees(Parts{Store: s})
			trees.maxNodes = limit
			for _, companyID := range []*uuid.UUID{nil, &company.ID} {
				_, err := trees.Read(t.Context(), by, companyID)
				if tooLarge := errs.Is(err, errs.TooLarge); tooLarge != (limit < 3) || !tooLarge && err != nil {
					t.Errorf("3 nodes with a limit of %d: error %v", limit, err)
				}
				if limit == 2 && !strings.Contains(errs.From(err).Detail, "more than 2 companies") {
					t.Errorf("detail: %s", errs.From(err).Detail)
				}
			}
		}
	})
}

// What has been deleted between two of the queries is left out with all that is below it.
func TestTreeLeavesOutWhatHasNothingAboveIt(t *testing.T) {
	t.Parallel()
	company, orphan := uuid.New(), uuid.New()
	top, child := uuid.New(), uuid.New()
	got := tree(
		[]db.ListCompanyNodesRow{{ID: company}},
		[]db.ListBranchNodesRow{{ID: uuid.New(), CompanyID: orphan}},
		[]db.ListDepartmentNodesRow{
			{ID: child, CompanyID: company, ParentID: &top},
			{ID: uuid.New(), CompanyID: company, BranchID: &orphan},
			{ID: uuid.New(), CompanyID: company, ParentID: &orphan},
			{ID: top, CompanyID: company},
		},
	)
	only := got.Companies[0]
	if len(only.Branches) != 0 || len(only.Departments) != 1 || only.Departments[0].ID != top || only.Departments[0].Departments[0].ID != child {
		t.Errorf("%+v", got)
	}
}

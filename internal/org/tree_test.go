package org

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func TestTreeOfMoreThanTheLimitIsTooLarge(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		tenant := db.Tenant{ID: uuid.New(), Code: "T", Name: "T", Tier: "free", Status: "active", CreatedAt: now, UpdatedAt: now, Version: 1}
		if err := s.InsertTenant(t.Context(), db.InsertTenantParams(tenant)); err != nil {
			t.Fatal(err)
		}
		// Two companies, each with a branch and a department.
		var company db.Company
		for _, code := range []string{"OTHER", "ONE"} {
			company = db.Company{TenantID: tenant.ID, ID: uuid.New(), Code: code, Name: "C", CreatedAt: now, UpdatedAt: now, Version: 1}
			branch := db.Branch{TenantID: tenant.ID, ID: uuid.New(), CompanyID: company.ID, Code: "B", Name: "B", CreatedAt: now, UpdatedAt: now, Version: 1}
			department := db.Department{TenantID: tenant.ID, ID: uuid.New(), CompanyID: company.ID, Code: "D", Name: "D", CreatedAt: now, UpdatedAt: now, Version: 1}
			err := errors.Join(
				s.InsertCompany(t.Context(), db.InsertCompanyParams(company)), s.InsertBranch(t.Context(), db.InsertBranchParams(branch)),
				s.InsertDepartment(t.Context(), db.InsertDepartmentParams(department)),
			)
			if err != nil {
				t.Fatal(err)
			}
		}
		by := access.Principal{TenantID: tenant.ID}
		trees := NewTrees(records.Parts{Store: s})
		for trees.maxNodes = 1; trees.maxNodes <= 7; trees.maxNodes++ {
			for _, test := range []struct {
				companyID *uuid.UUID
				nodes     int32
			}{{nil, 6}, {&company.ID, 3}} {
				_, err := trees.Read(t.Context(), by, test.companyID)
				if tooLarge := errs.Is(err, errs.TooLarge); tooLarge != (test.nodes > trees.maxNodes) || !tooLarge && err != nil {
					t.Errorf("%d nodes with a limit of %d: error %v", test.nodes, trees.maxNodes, err)
				}
			}
		}
		trees.maxNodes = 2
		_, err := trees.Read(t.Context(), by, nil)
		if got := errs.From(err).Detail; !strings.HasPrefix(got, "There are more than 2 companies, branches and departments.") {
			t.Errorf("detail: %s", got)
		}
	})
}

// Rows that were deleted between two of the queries are left out, with everything below them.
func TestTreeLeavesOutRowsWithoutParent(t *testing.T) {
	t.Parallel()
	company, orphan := uuid.New(), uuid.New()
	top, child := uuid.New(), uuid.New()
	got, levels := tree(
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
	if levels != 2 {
		t.Errorf("%d levels, want 2", levels)
	}
	if len(only.Branches) != 0 || len(only.Departments) != 1 || only.Departments[0].ID != top || only.Departments[0].Departments[0].ID != child {
		t.Errorf("%+v", got)
	}
}

package org

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// What was there when it was looked at may be gone when it is written. SQLite has one writer at a time, so there it stays.
func TestReferenceThatGoesAfterItWasSeenIsUnknown(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		if engine == store.SQLite {
			return
		}
		s := storetest.New(t, engine)
		now := func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }
		keys, err := audit.NewKeys([]byte("only-for-tests-5rB0vV7mYk3sQxN2cJ8w"))
		if err != nil {
			t.Fatal(err)
		}
		departments := NewDepartments(Parts{Store: s, Audit: audit.NewLog(keys, now, uuid.New), Now: now, NewID: uuid.New})
		tenant := db.Tenant{ID: uuid.New(), Code: "T", Name: "T", Tier: "free", Status: "active", CreatedAt: now(), UpdatedAt: now(), Version: 1}
		company := db.Company{TenantID: tenant.ID, ID: uuid.New(), Code: "C", Name: "C", CreatedAt: now(), UpdatedAt: now(), Version: 1}
		branch := db.Branch{TenantID: tenant.ID, ID: uuid.New(), CompanyID: company.ID, Code: "B", Name: "B", CreatedAt: now(), UpdatedAt: now(), Version: 1}
		row := db.Department{TenantID: tenant.ID, ID: uuid.New(), CompanyID: company.ID, Code: "D", Name: "D", CreatedAt: now(), UpdatedAt: now(), Version: 1}
		err = errors.Join(
			s.InsertTenant(t.Context(), db.InsertTenantParams(tenant)), s.InsertCompany(t.Context(), db.InsertCompanyParams(company)),
			s.InsertDepartment(t.Context(), db.InsertDepartmentParams(row)),
		)
		if err != nil {
			t.Fatal(err)
		}
		by := access.Principal{TenantID: tenant.ID}
		wanted := row
		wanted.BranchID = &branch.ID
		// look finds the branch, which then goes.
		look := func(q db.Querier) error {
			if err := checkReferences(fromDepartment(t.Context(), q, row, wanted)...); err != nil {
				return err
			}
			_, err := s.DeleteBranch(t.Context(), db.DeleteBranchParams{TenantID: tenant.ID, ID: branch.ID, Version: 1})
			return err
		}
		for name, write := range map[string]func() error{
			"create": func() error {
				d := wanted
				d.ID, d.Code = uuid.New(), "NEW"
				_, err := departments.create(t.Context(), by, d, look)
				return err
			},
			"update": func() error {
				_, err := departments.update(t.Context(), by, row.ID, etag.Condition{}, func(q db.Querier, d *db.Department) error {
					d.BranchID = &branch.ID
					return look(q)
				})
				return err
			},
		} {
			if err := s.InsertBranch(t.Context(), db.InsertBranchParams(branch)); err != nil {
				t.Fatal(err)
			}
			if err := write(); !errs.Is(err, errs.UnknownReference) {
				t.Errorf("%s: error %v, want unknown_reference", name, err)
			}
		}
	})
}

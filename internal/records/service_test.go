package records_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func now() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// world is a company with a branch and a department.
type world struct {
	store      *store.Store
	parts      records.Parts
	by         access.Principal
	company    db.Company
	branch     db.Branch
	department db.Department
}

func newWorld(t *testing.T, engine store.Engine) world {
	t.Helper()
	keys, err := audit.NewKeys([]byte("only-for-tests-5rB0vV7mYk3sQxN2cJ8w"))
	if err != nil {
		t.Fatal(err)
	}
	s := storetest.New(t, engine)
	tenant := db.Tenant{ID: uuid.New(), Code: "T", Name: "T", Tier: "free", Status: "active", CreatedAt: now(), UpdatedAt: now(), Version: 1}
	w := world{
		store: s, parts: records.Parts{Store: s, Audit: audit.NewLog(keys, now, uuid.New), Now: now, NewID: uuid.New},
		by:      access.Principal{TenantID: tenant.ID},
		company: db.Company{TenantID: tenant.ID, ID: uuid.New(), Code: "C", Name: "C", CreatedAt: now(), UpdatedAt: now(), Version: 1},
	}
	w.branch = db.Branch{TenantID: tenant.ID, ID: uuid.New(), CompanyID: w.company.ID, Code: "B", Name: "B", CreatedAt: now(), UpdatedAt: now(), Version: 1}
	w.department = db.Department{TenantID: tenant.ID, ID: uuid.New(), CompanyID: w.company.ID, Code: "D", Name: "D", CreatedAt: now(), UpdatedAt: now(), Version: 1}
	err = errors.Join(
		s.InsertTenant(t.Context(), db.InsertTenantParams(tenant)), s.InsertCompany(t.Context(), db.InsertCompanyParams(w.company)),
		s.InsertBranch(t.Context(), db.InsertBranchParams(w.branch)), s.InsertDepartment(t.Context(), db.InsertDepartmentParams(w.department)),
	)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// writes returns a creation and an update of a department that refers to the branch. check is a
// rule of departments.
func (w world) writes(
	check func(ctx context.Context, q db.Querier, before, after *db.Department) error,
) map[string]func(context.Context) error {
	departments := resources.NewDepartments(w.parts, records.Rules[db.Department]{Check: check})
	branch := nullable.NewNullableWithValue(w.branch.ID)
	return map[string]func(context.Context) error{
		"create": func(ctx context.Context) error {
			_, err := departments.Create(ctx, w.by, api.DepartmentCreate{CompanyID: w.company.ID, BranchID: branch, Code: "NEW", Name: "N"})
			return err
		},
		"update": func(ctx context.Context) error {
			_, err := departments.Update(ctx, w.by, w.department.ID, etag.Condition{}, api.DepartmentUpdate{BranchID: branch})
			return err
		},
	}
}

// The branch exists when the transaction checks it, and is deleted afterwards. On SQLite it stays,
// because only one transaction writes at a time.
func TestReferenceThatIsDeletedAfterTheCheckIsUnknown(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		if engine == store.SQLite {
			return
		}
		w := newWorld(t, engine)
		writes := w.writes(func(ctx context.Context, _ db.Querier, _, _ *db.Department) error {
			_, err := w.store.DeleteBranch(ctx, db.DeleteBranchParams{TenantID: w.by.TenantID, ID: w.branch.ID, Version: 1})
			return err
		})
		for name, write := range writes {
			if err := write(t.Context()); !errs.Is(err, errs.UnknownReference) {
				t.Errorf("%s: error %v, want unknown_reference", name, err)
			}
			if err := w.store.InsertBranch(t.Context(), db.InsertBranchParams(w.branch)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// After the references were checked, a rule sets the branch to one that doesn't exist. So each
// attempt breaks the foreign key.
func TestReferenceThatNeverExistsIsUnknownAndNotBusy(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		writes := w.writes(func(_ context.Context, _ db.Querier, _, after *db.Department) error {
			after.BranchID = new(uuid.New())
			return nil
		})
		for name, write := range writes {
			err := write(t.Context())
			if !errs.Is(err, errs.UnknownReference) {
				t.Errorf("%s: error %v, want unknown_reference", name, err)
			}
			if fields := errs.From(err).Fields; engine != store.SQLite && (len(fields) != 1 || fields[0].Pointer != "/branch_id") {
				t.Errorf("%s: the fields are %+v, want /branch_id", name, fields)
			}
		}
	})
}

// References are checked before anything is written, so that the error names the field on every
// engine.
func TestReferenceThatIsNotThereIsNamed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		w.branch.ID = uuid.New()
		for name, write := range w.writes(nil) {
			err := write(t.Context())
			if fields := errs.From(err).Fields; !errs.Is(err, errs.UnknownReference) || len(fields) != 1 || fields[0].Pointer != "/branch_id" {
				t.Errorf("%s: error %v with fields %+v, want unknown_reference of /branch_id", name, err, fields)
			}
		}
	})
}

// The error for each unique key of a kind names its field.
func TestEveryUniqueKeyHasItsField(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		kind := resources.DepartmentKind()
		kind.Keys = append([]records.Key{{Constraint: "another_key", Pointer: "/other", Taken: "Taken."}}, kind.Keys...)
		same := w.department
		same.ID = uuid.New()
		err := w.store.Tx(t.Context(), func(tx store.Tx) error { return kind.Add(t.Context(), w.parts.Change(tx, w.by), same) })
		if fields := errs.From(err).Fields; !errs.Is(err, errs.AlreadyExists) || len(fields) != 1 || fields[0].Pointer != "/code" {
			t.Errorf("error %v with fields %+v, want already_exists with /code", err, fields)
		}
	})
}

package records_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// branches returns the reference of branches to their company, as if a description said on_delete:
// cascade.
func branches(below ...records.Dependant) records.Dependant {
	kind := resources.BranchKind()
	kind.Dependants = func() []records.Dependant { return below }
	return records.Cascade(kind, func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID, limit int32) ([]db.Branch, error) {
		return q.ListBranchesOfCompany(ctx, db.ListBranchesOfCompanyParams{TenantID: tenantID, CompanyID: id, Limit: limit})
	}, func(ctx context.Context, q db.Querier, tenantID, id, last uuid.UUID) (int64, error) {
		return q.DeleteBranchesOfCompany(ctx, db.DeleteBranchesOfCompanyParams{TenantID: tenantID, CompanyID: id, LastID: last})
	})
}

// departments returns the reference of departments to their branch, as if a description said
// on_delete: detach.
func departments() records.Dependant {
	return records.Detach(resources.DepartmentKind(),
		func(ctx context.Context, q db.Querier, tenantID, id uuid.UUID, limit int32) ([]db.Department, error) {
			all, err := q.ListDepartmentsByCreatedAt(ctx, db.ListDepartmentsByCreatedAtParams{TenantID: tenantID, BranchID: &id, Limit: limit})
			return all, err
		}, func(d *db.Department) { d.BranchID = nil })
}

// The branches of a company are deleted and departments lose their branch, in transactions of three
// rows.
func TestDeletionIncludesDependantsInBatches(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		other := w.company
		other.ID, other.Code = uuid.New(), "OTHER"
		if err := w.store.InsertCompany(t.Context(), db.InsertCompanyParams(other)); err != nil {
			t.Fatal(err)
		}
		var inside []uuid.UUID // the branches of the company and the departments of the other one
		inside = append(inside, w.branch.ID)
		for i := range 4 {
			b := w.branch
			b.ID, b.Code = uuid.New(), string(rune('C'+i))
			d := w.department
			d.ID, d.Code, d.BranchID = uuid.New(), b.Code+"D", &b.ID
			if err := w.store.InsertBranch(t.Context(), db.InsertBranchParams(b)); err != nil {
				t.Fatal(err)
			}
			if err := w.store.InsertDepartment(t.Context(), db.InsertDepartmentParams(d)); err != nil {
				t.Fatal(err)
			}
			inside = append(inside, b.ID, d.ID)
		}
		kind := resources.CompanyKind()
		kind.Dependants = func() []records.Dependant { return []records.Dependant{branches(departments())} }
		kind.Delete = func(context.Context, db.Querier, db.Company) (int64, error) { return 1, nil } // departments are still there
		w.parts.Batch = 3
		companies := records.New(records.Resource[db.Company, api.CompanyCreate, api.CompanyUpdate, api.ListCompaniesParams]{Kind: kind},
			w.parts, records.Rules[db.Company]{})
		var done []int // number of rows after each transaction
		ctx := access.WithRequest(t.Context(), &access.Request{Confirm: func(context.Context) error {
			done = append(done, len(w.entries(t)))
			return nil
		}})
		if left, err := companies.Delete(ctx, w.by, w.company.ID, etag.Condition{}); left != nil || err != nil {
			t.Fatalf("left are %+v, error %v", left, err)
		}
		done = slices.Compact(append(done, len(w.entries(t))))
		if want := []int{3, 6, 9, 10}; !slices.Equal(slices.DeleteFunc(done, func(n int) bool { return n == 0 }), want) {
			t.Errorf("rows after each transaction: %v, want %v", done, want)
		}
		var about []uuid.UUID
		for _, e := range w.entries(t) {
			about = append(about, *e.EntityID)
		}
		for _, id := range append(inside, w.company.ID) {
			if n := len(slices.DeleteFunc(slices.Clone(about), func(other uuid.UUID) bool { return other != id })); n != 1 {
				t.Errorf("%s has %d entries, want 1", id, n)
			}
		}
		if n, err := w.store.CountBranches(t.Context(), db.CountBranchesParams{TenantID: w.by.TenantID}); err != nil || n != 0 {
			t.Errorf("%d branches are left (%v)", n, err)
		}
	})
}

func (w world) entries(t *testing.T) []db.AuditEntry {
	t.Helper()
	entries, err := w.store.ListAuditEntries(t.Context(), db.ListAuditEntriesParams{
		TenantID: w.by.TenantID, Limit: 1000, AfterOccurredAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), AfterID: uuid.Max,
	})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// A transaction that changes rows of several companies first locks the companies in the order of
// their ids.
func TestDependantsLockTheirCompanies(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		user := db.User{TenantID: w.by.TenantID, ID: uuid.New(), Email: uuid.NewString() + "@example.com", Role: "user", IsInvited: true, CreatedAt: now(), UpdatedAt: now(), Version: 1}
		headed := w.department
		headed.ID, headed.Code, headed.HeadUserID = uuid.New(), "HEADED", &user.ID
		if err := w.store.InsertUser(t.Context(), db.InsertUserParams(user)); err != nil {
			t.Fatal(err)
		}
		if err := w.store.InsertDepartment(t.Context(), db.InsertDepartmentParams(headed)); err != nil {
			t.Fatal(err)
		}
		err := w.store.Tx(t.Context(), func(tx store.Tx) error {
			return records.LockDependants(t.Context(), tx, w.by.TenantID, user.ID, resources.UserDependants())
		})
		if err != nil {
			t.Fatal(err)
		}
		c, err := w.store.GetCompany(t.Context(), db.GetCompanyParams{TenantID: w.by.TenantID, ID: w.company.ID})
		if err != nil || c.LockCount != 1 {
			t.Errorf("the company was locked %d times (%v), want once", c.LockCount, err)
		}
	})
}

// Counts without a field in the preview are listed by name.
func TestPreviewCountsOtherKindsByName(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		w := newWorld(t, engine)
		kind := resources.CompanyKind()
		count := func(n int64) func(context.Context, db.Querier, uuid.UUID, uuid.UUID) (int64, error) {
			return func(context.Context, db.Querier, uuid.UUID, uuid.UUID) (int64, error) { return n, nil }
		}
		kind.Counters = []records.Counter{{Name: "projects", Rows: count(3)}, {Name: "tasks_detached", Rows: count(1)}, {Name: "none", Rows: count(0)}}
		companies := records.New(records.Resource[db.Company, api.CompanyCreate, api.CompanyUpdate, api.ListCompaniesParams]{Kind: kind},
			w.parts, records.Rules[db.Company]{})
		got, err := companies.PreviewDelete(t.Context(), w.by, w.company.ID, etag.Condition{})
		if err != nil || got.Companies != 1 || len(got.Others) != 2 || got.Others["projects"] != 3 || got.Others["tasks_detached"] != 1 {
			t.Errorf("preview %+v, error %v", got, err)
		}
	})
}

package tenant_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tenantry/tenantry/internal/store"

	"github.com/oapi-codegen/nullable"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/org"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/tenant"
)

func companies(t *testing.T, a *apitest.App) *org.Companies {
	t.Helper()
	return org.NewCompanies(records.Parts{Store: a.Store, Audit: audit.NewLog(auditKeys(t, a), wallClock, newID), Now: wallClock, NewID: newID})
}

func count(t *testing.T, a *apitest.App, row db.Tenant) int64 {
	t.Helper()
	n, err := a.Store.CountTenantCompanies(t.Context(), db.CountTenantCompaniesParams{TenantID: row.ID})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestQuotaIsExactForAThousandAtOnce(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		row := a.Tenant(t, func(row *db.Tenant) { row.MaxCompanies = new(int64(50)) })
		s, by := companies(t, a), access.Principal{TenantID: row.ID}
		var created, refused atomic.Int64
		var wait sync.WaitGroup
		for i := range 1000 {
			wait.Go(func() {
				create := func() error {
					_, err := s.Create(t.Context(), by, api.CompanyCreate{Code: fmt.Sprintf("C%d", i), Name: "C"})
					return err
				}
				err := create()
				for errs.Is(err, errs.Busy) || errs.Is(err, errs.Unavailable) { // the machine is slow
					err = create()
				}
				switch {
				case err == nil:
					created.Add(1)
				case errs.Is(err, errs.QuotaExceeded):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if created.Load() != 50 || refused.Load() != 950 || count(t, a, row) != 50 {
			t.Errorf("%d created, %d refused, and there are %d; want 50, 950 and 50", created.Load(), refused.Load(), count(t, a, row))
		}
	})
}

// Adding to a tenant without a limit takes no lock. Still, no row is added after a limit was set.
func TestQuotaHoldsFromTheMomentItIsSet(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		tenants := newService(t, a, wallClock)
		for range 5 {
			row := a.Tenant(t)
			s, by := companies(t, a), access.Principal{TenantID: row.ID}
			var wait sync.WaitGroup
			var once sync.Once
			started := make(chan struct{})
			for worker := range 4 {
				wait.Go(func() {
					for i := range 20 {
						_, err := s.Create(t.Context(), by, api.CompanyCreate{Code: fmt.Sprintf("C%d-%d", worker, i), Name: "C"})
						if err != nil && !errs.Is(err, errs.QuotaExceeded) {
							t.Error(err)
						}
						once.Do(func() { close(started) })
					}
				})
			}
			<-started
			_, err := tenants.Update(t.Context(), access.Principal{}, row.ID, etag.Condition{}, api.TenantUpdate{MaxCompanies: nullable.NewNullableWithValue(int64(0))})
			if err != nil {
				t.Error(err)
			}
			atOnce := count(t, a, row)
			wait.Wait()
			if after := count(t, a, row); after != atOnce {
				t.Errorf("there were %d companies when a limit of 0 was set, and %d later", atOnce, after)
			}
		}
	})
}

// Two transactions that add to a tenant without a limit may be open at the same time.
func TestNoQuotaNoQueue(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		if a.Engine == "sqlite" {
			return // SQLite has one writer at a time
		}
		row := a.Tenant(t)
		var both, wait sync.WaitGroup
		both.Add(2)
		for i := range 2 {
			wait.Go(func() {
				waits := true
				err := a.Store.Tx(t.Context(), func(tx store.Tx) error {
					err := tenant.CompanyQuota.Add(t.Context(), tx, row.ID, func() error {
						c := db.Company{TenantID: row.ID, ID: newID(), Code: fmt.Sprint(i), CreatedAt: wallClock(), UpdatedAt: wallClock(), Version: 1}
						return tx.InsertCompany(t.Context(), db.InsertCompanyParams(c))
					})
					if waits {
						waits = false
						both.Done()
						both.Wait() // hangs if one of them waits for the other's end
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
	})
}

// Limits apply whatever existed before, and a deleted tenant is not found.
func TestQuotaCanBeSetAndRemoved(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		row, tenants := a.Tenant(t), newService(t, a, wallClock)
		s, by := companies(t, a), access.Principal{TenantID: row.ID}
		create := func(code string, want errs.Code) {
			t.Helper()
			_, err := s.Create(t.Context(), by, api.CompanyCreate{Code: code, Name: "C"})
			if err != nil && !errs.Is(err, want) || err == nil && want != "" {
				t.Errorf("creating %s: error is %v, want %q", code, err, want)
			}
		}
		limit := func(to nullable.Nullable[int64]) {
			t.Helper()
			if _, err := tenants.Update(t.Context(), access.Principal{}, row.ID, etag.Condition{}, api.TenantUpdate{MaxCompanies: to}); err != nil {
				t.Fatal(err)
			}
		}
		create("ONE", "")
		create("ONE", errs.AlreadyExists)
		create("TWO", "")
		limit(nullable.NewNullableWithValue(int64(2)))
		create("THREE", errs.QuotaExceeded)
		limit(nullable.NewNullNullable[int64]())
		create("THREE", "")
		create("FOUR", "")
		if n := count(t, a, row); n != 4 {
			t.Errorf("there are %d companies, want 4", n)
		}
		if _, err := tenants.Suspend(t.Context(), access.Principal{}, row.ID, etag.Condition{}); err != nil {
			t.Fatal(err)
		}
		if rest, err := tenants.Delete(t.Context(), access.Principal{}, row.ID, etag.Condition{}, row.Code); err != nil || rest != nil {
			t.Fatalf("the deletion leaves %v, error %v", rest, err)
		}
		create("FIVE", errs.NotFound)
	})
}

func TestQuotaOfATenantThatIsGone(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		errAdded := errors.New("added")
		err := a.Store.Tx(t.Context(), func(tx store.Tx) error {
			return tenant.CompanyQuota.Add(t.Context(), tx, newID(), func() error { return errAdded })
		})
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("error is %v; want %s", err, errs.NotFound)
		}
	})
}

package tenant_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/app"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/internal/tenant"
)

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// wallClock returns the current time in the precision that every engine stores.
func wallClock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func auditKeys(t *testing.T, a *apitest.App) *audit.Keys {
	t.Helper()
	keys, err := app.AuditKeys(a.Config)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// newService returns a service with small batches, so that a few rows need several.
func newService(t *testing.T, a *apitest.App, now func() time.Time) *tenant.Service {
	t.Helper()
	return tenant.NewService(tenant.Parts{Parts: records.Parts{
		Store: a.Store, Audit: audit.NewLog(auditKeys(t, a), wallClock, newID), Now: now, NewID: newID, Batch: 2,
	}})
}

// populated inserts a suspended tenant with several rows in every table, with references of all
// kinds between them.
func populated(t *testing.T, a *apitest.App) db.Tenant {
	t.Helper()
	row := a.Tenant(t)
	var invited uuid.UUID
	for range 2 {
		company := a.Company(t, row.ID)
		branch := a.Branch(t, company)
		head := a.User(t, row.ID, access.Admin)
		above := a.Department(t, company, func(d *db.Department) { d.HeadUserID = &head.ID })
		for range 3 { // each below the previous one
			above = a.Department(t, company, func(d *db.Department) { d.ParentID, d.BranchID, d.HeadUserID = &above.ID, &branch.ID, &head.ID })
		}
		member := a.User(t, row.ID, access.User, func(u *db.User) { u.CompanyID, u.BranchID, u.DepartmentID = &company.ID, &branch.ID, &above.ID })
		a.Login(t, member)
		a.Login(t, head)
		invited = member.ID
	}
	family, before := a.Family(row.ID), a.RowsOf(t, row.ID)
	for _, r := range storetest.Resources(t) {
		for len(before[r.Plural]) < 2 {
			before[r.Plural] = append(before[r.Plural], family.Add(t, r.Name, apitest.AllFields))
		}
	}
	err := a.Store.InsertOneTimeToken(t.Context(), db.InsertOneTimeTokenParams{
		TenantID: row.ID, UserID: invited, TokenHash: row.ID.String(), ExpiresAt: wallClock(), CreatedAt: wallClock(),
	})
	if err == nil {
		err = a.Store.InsertLegacyCalls(t.Context(), db.InsertLegacyCallsParams{
			TenantID: row.ID, Operation: "listCompanies", UserAgent: "test", Calls: 1, FirstCalledAt: wallClock(), LastCalledAt: wallClock(),
		})
	}
	var entries []uuid.UUID
	if err == nil {
		entries, err = a.Store.ListAuditEntryIDs(t.Context(), db.ListAuditEntryIDsParams{TenantID: row.ID, Limit: 1})
	}
	if err == nil {
		err = a.Store.InsertAuditRepeats(t.Context(), db.InsertAuditRepeatsParams{TenantID: row.ID, EntryID: entries[0], Requests: 2})
	}
	if err == nil {
		// Seals all entries now, because a later seal would change these rows.
		_, err = audit.NewSealer(a.Store, auditKeys(t, a), slog.New(slog.DiscardHandler)).Seal(t.Context(), row.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	a.Exec(t, "UPDATE tenants SET status = 'suspended' WHERE id = '"+row.ID.String()+"'")
	for table, rows := range a.RowsOf(t, row.ID) {
		if len(rows) == 0 {
			t.Errorf("table %s has no row, so this test proves nothing about it: describe it in sql/resources, or add one here", table)
		}
	}
	return row
}

// mustBeGone fails if a row of the tenant is left.
func mustBeGone(t *testing.T, a *apitest.App, id uuid.UUID) {
	t.Helper()
	for table, rows := range a.RowsOf(t, id) {
		if len(rows) > 0 {
			t.Errorf("%d rows are left in %s, the first is %s", len(rows), table, rows[0])
		}
	}
}

// mustBeUntouched fails unless the tenant has the same rows as before.
func mustBeUntouched(t *testing.T, a *apitest.App, id uuid.UUID, before map[string][]string) {
	t.Helper()
	if diff := cmp.Diff(before, a.RowsOf(t, id)); diff != "" {
		t.Errorf("another tenant's rows have changed (-before +after):\n%s", diff)
	}
}

func TestDeletionCoversEveryTable(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		tables, cascaded := a.TenantTables(t), a.CascadedTables(t)
		for _, table := range tables {
			if !slices.Contains(tenant.Tables(), table) && !slices.Contains(cascaded, table) {
				t.Errorf("no step deletes from %s, nor does the database", table)
			}
		}
		for _, table := range tenant.Tables() {
			if !slices.Contains(tables, table) && table != "accounts" { // of those that the tenant manages
				t.Errorf("a step deletes from %s, which has no tenant_id", table)
			}
		}
	})
}

func TestDeleteRemovesAllRowsOfOnlyThisTenant(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		super := a.Superuser(t)
		row, other := populated(t, a), populated(t, a)
		rows, before, platform := a.RowsOf(t, row.ID), a.RowsOf(t, other.ID), a.RowsOf(t, access.PlatformTenantID)
		by := access.Principal{UserID: super.User.ID, HomeTenantID: access.PlatformTenantID, TenantID: access.PlatformTenantID, Email: super.User.Email, Role: access.Superuser}
		rest, err := newService(t, a, wallClock).Delete(t.Context(), by, row.ID, etag.Condition{}, row.Code)
		if err != nil || rest != nil {
			t.Fatalf("the deletion leaves %+v, error %v", rest, err)
		}
		mustBeGone(t, a, row.ID)
		mustBeUntouched(t, a, other.ID, before)

		// The deletion adds two entries to the platform's trail.
		after := a.RowsOf(t, access.PlatformTenantID)
		if len(after["audit_entries"]) != len(platform["audit_entries"])+2 {
			t.Errorf("the platform's trail had %d entries and has %d", len(platform["audit_entries"]), len(after["audit_entries"]))
		}
		for _, table := range []string{"audit_entries", "audit_links", "audit_seals"} {
			delete(platform, table)
			delete(after, table)
		}
		if diff := cmp.Diff(platform, after); diff != "" {
			t.Errorf("the platform has changed (-before +after):\n%s", diff)
		}
		entries := a.AuditEntries(t, access.PlatformTenantID, "tenant.delete")
		if len(entries) != 1 || entries[0].EntityID != row.ID.String() || entries[0].ActorID != by.UserID.String() {
			t.Fatalf("audit: %+v", entries)
		}
		for field, want := range map[string]any{
			"code": row.Code, "name": row.Name, "status": "suspended", "tier": "free",
			"companies": float64(len(rows["companies"])), "branches": float64(len(rows["branches"])), "departments": float64(len(rows["departments"])),
			"users": float64(len(rows["users"])), "active_users": float64(len(rows["users"])), "audit_entries": float64(len(rows["audit_entries"])),
		} {
			if got := entries[0].Changes[field]; got.Before != want || got.After != nil {
				t.Errorf("the entry has for %s: %+v, want %v before", field, got, want)
			}
		}
		if finished := a.AuditEntries(t, access.PlatformTenantID, "tenant.delete_finish"); len(finished) != 1 || finished[0].EntityID != row.ID.String() {
			t.Errorf("audit: %+v", finished)
		}
	})
}

// A deletion that is interrupted at any point continues there.
func TestDeleteContinuesAfterACrash(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		row, other := populated(t, a), populated(t, a)
		before := a.RowsOf(t, other.ID)
		total, cuts := size(a.RowsOf(t, row.ID)), 0
		for looks := 1; ; looks++ {
			// Each transaction reads the clock at least once. At one of these reads everything
			// stops.
			ctx, cancel := context.WithCancel(t.Context())
			seen := 0
			s := newService(t, a, func() time.Time {
				if seen++; seen == looks {
					cancel()
				}
				return wallClock()
			})
			rest, err := s.Delete(ctx, access.Principal{}, row.ID, etag.Condition{}, row.Code)
			cancel()
			if err == nil {
				if rest != nil {
					t.Errorf("rows are left although there was time: %+v", rest)
				}
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("interrupted at read %d of the clock: %v", looks, err)
			}
			cuts++
			left := size(a.RowsOf(t, row.ID))
			if left == 0 || left > total {
				t.Errorf("interrupted at read %d of the clock: %d rows are left of %d", looks, left, total)
			}
			total = left
		}
		if cuts < 5 {
			t.Errorf("it was interrupted only %d times", cuts)
		}
		mustBeGone(t, a, row.ID)
		mustBeUntouched(t, a, other.ID, before)
		for _, action := range []string{"tenant.delete", "tenant.delete_finish"} {
			if entries := a.AuditEntries(t, access.PlatformTenantID, action); len(entries) != 1 {
				t.Errorf("%s: %+v", action, entries)
			}
		}
	})
}

func size(rows map[string][]string) int {
	n := 0
	for _, r := range rows {
		n += len(r)
	}
	return n
}

func TestDeleteStopsWhenTheTimeIsOver(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		row := populated(t, a)
		late := wallClock()
		s := newService(t, a, func() time.Time { late = late.Add(time.Minute); return late })
		left := size(a.RowsOf(t, row.ID))
		most := 30 + left // each call deletes a batch, or finds that one of the few steps is done
		for calls := 0; ; calls++ {
			rest, err := s.Delete(t.Context(), access.Principal{}, row.ID, etag.Condition{}, row.Code)
			if err != nil {
				t.Fatal(err)
			}
			if rest == nil {
				break
			}
			now := size(a.RowsOf(t, row.ID))
			// The step that only detaches departments deletes nothing.
			if rest.Status != "deleting" || calls > most || now > left || now < left-4 {
				t.Fatalf("call %d: %+v, %d rows are left of %d", calls, rest, now, left)
			}
			left = now
		}
		mustBeGone(t, a, row.ID)
	})
}

func TestDeleteStopsWhenTheRightEnds(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		row := populated(t, a)
		transactions := 0
		request := &access.Request{Renew: func(context.Context, db.Querier) error {
			if transactions++; transactions > 8 { // each transaction checks the permission twice
				return errs.New(errs.SessionEnded, "Ended.")
			}
			return nil
		}}
		_, err := newService(t, a, wallClock).Delete(access.WithRequest(t.Context(), request), access.Principal{}, row.ID, etag.Condition{}, row.Code)
		if !errs.Is(err, errs.SessionEnded) || transactions != 9 {
			t.Errorf("error %v after %d checks, want it to stop at the ninth", err, transactions)
		}
		if left, err := a.Store.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID}); err != nil || left.Status != "deleting" {
			t.Errorf("status %s, error %v; want rows to be left", left.Status, err)
		}
	})
}

func TestSeveralDeleteTheSameTenantAtOnce(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		row, other := populated(t, a), populated(t, a)
		before := a.RowsOf(t, other.ID)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				rest, err := newService(t, a, wallClock).Delete(t.Context(), access.Principal{}, row.ID, etag.Condition{}, row.Code)
				if rest != nil || err != nil && !errs.Is(err, errs.NotFound) {
					t.Errorf("the deletion leaves %+v, error %v", rest, err)
				}
			})
		}
		wait.Wait()
		mustBeGone(t, a, row.ID)
		mustBeUntouched(t, a, other.ID, before)
		for _, action := range []string{"tenant.delete", "tenant.delete_finish"} {
			if entries := a.AuditEntries(t, access.PlatformTenantID, action); len(entries) != 1 {
				t.Errorf("%s: %+v", action, entries)
			}
		}
	})
}

// lateCompany adds a company to a tenant, like a transaction that began before its deletion.
func lateCompany(ctx context.Context, s *store.Store, tenantID uuid.UUID) error {
	c := db.Company{TenantID: tenantID, ID: newID(), Code: newID().String()[4:], CreatedAt: wallClock(), UpdatedAt: wallClock(), Version: 1}
	return s.Tx(ctx, func(tx store.Tx) error { return tx.InsertCompany(ctx, db.InsertCompanyParams(c)) })
}

func TestDeleteRemovesRowsThatAreAddedMeanwhile(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		row := populated(t, a)
		looks, added := 0, 0
		s := newService(t, a, func() time.Time {
			// New companies appear for a while, whatever table the deletion has reached. The first
			// two reads of the clock are at the beginning, also in a transaction for which others
			// would wait.
			if looks++; looks > 2 && added < 40 {
				if err := lateCompany(t.Context(), a.Store, row.ID); err != nil {
					t.Error(err)
				}
				added++
			}
			return wallClock()
		})
		rest, err := s.Delete(t.Context(), access.Principal{}, row.ID, etag.Condition{}, row.Code)
		if rest != nil || err != nil || added < 40 {
			t.Errorf("the deletion leaves %+v, error %v, %d companies added", rest, err, added)
		}
		mustBeGone(t, a, row.ID)
	})
}

func TestNoRowsAreLeftOfConcurrentWriters(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		row := populated(t, a)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				for range 30 {
					if err := lateCompany(t.Context(), a.Store, row.ID); err != nil && !store.BreaksReference(err) {
						t.Errorf("late writer: %v", err)
					}
				}
			})
		}
		wait.Go(func() {
			rest, err := newService(t, a, wallClock).Delete(t.Context(), access.Principal{}, row.ID, etag.Condition{}, row.Code)
			if rest != nil || err != nil {
				t.Errorf("the deletion leaves %+v, error %v", rest, err)
			}
		})
		wait.Wait()
		mustBeGone(t, a, row.ID)
	})
}

package seed_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/seed"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// small returns the options that most tests use.
func small() seed.Options { return seed.Options{Scale: seed.Small} }

func TestRunAddsWhatItReports(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)

		got := d.seed(t, small())

		c := d.content(t)
		want := []seed.Loaded{
			{Scenario: "tech-startup", TenantCode: "TECHSTART", Tenant: "Tech Startup", Login: "ceo@techstart.com"},
			{Scenario: "retail-chain", TenantCode: "FASHIONHUB", Tenant: "Retail Chain", Login: "ceo@fashionhub.com"},
			{Scenario: "healthcare-network", TenantCode: "MEDCARE", Tenant: "Healthcare Network", Login: "ceo@medcare.com"},
			{Scenario: "remote-first", TenantCode: "CLOUDWORK", Tenant: "Remote-First Tech", Login: "ceo@cloudwork.com"},
			{Scenario: "financial-services", TenantCode: "FINTECH", Tenant: "Financial Services", Login: "ceo@fintech.com"},
		}
		for i := range want {
			found := c.of(t, want[i].TenantCode)
			want[i].Companies, want[i].Branches, want[i].Departments = len(found.Companies), len(found.Branches), len(found.Departments)
			want[i].Users, want[i].AuditEntries = len(found.Users), len(found.AuditEntries)
		}
		if diff := cmp.Diff(seed.Report{Loaded: want}, got); diff != "" {
			t.Errorf("report (-want +got):\n%s", diff)
		}
		if platform := c.of(t, "PLATFORM"); len(c.Tenants) != 6 || len(platform.Users) != 1 || len(platform.AuditEntries) != 1 {
			t.Errorf("%d tenants, %d superusers with %d audit entries; want 6, 1, 1", len(c.Tenants), len(platform.Users), len(platform.AuditEntries))
		}
	})
}

// The trails of demo organisations verify, and the signed content is the same with each run.
func TestRunSignsItsEntries(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)
		d.seed(t, small())
		c := d.content(t)
		verifier := audit.NewVerifier(d.store, keys(t))
		for _, tenant := range c.Tenants {
			check, err := verifier.Begin(tenant.ID, "")
			if err != nil {
				t.Fatal(err)
			}
			for done := false; !done; {
				if done, err = check.Step(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			entries := int64(len(c.of(t, tenant.Code).AuditEntries))
			if v := check.Result(); v.Status != audit.Intact || v.Seq != entries || v.Entries != entries {
				t.Errorf("%s: %d entries, %d of them sealed, %s", tenant.Code, entries, v.Seq, v.Detail())
			}
		}
	})
}

func TestRunMakesPublicLogins(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)
		d.seed(t, small())
		for email, want := range map[string]struct {
			password  string
			superuser bool
		}{
			"ceo@techstart.com":     {password: "password123"},
			"ceo@fashionhub.com":    {password: "password123"},
			"ceo@medcare.com":       {password: "password123"},
			"ceo@cloudwork.com":     {password: "password123"},
			"ceo@fintech.com":       {password: "password123"},
			"superadmin@system.com": {password: "SuperAdmin123!", superuser: true},
		} {
			account, err := d.store.GetAccountByEmail(t.Context(), db.GetAccountByEmailParams{Email: email})
			if err != nil {
				t.Fatal(err)
			}
			tenantID := *account.ManagedBy
			u, err := d.store.GetUser(t.Context(), db.GetUserParams{TenantID: tenantID, ID: account.ID})
			if err != nil {
				t.Fatal(err)
			}
			if u.Role != "admin" || !u.IsActive || u.IsSuperuser != want.superuser {
				t.Errorf("%s: role %s, active %v, superuser %v; want an active admin, superuser %v", email, u.Role, u.IsActive, u.IsSuperuser, want.superuser)
			}
			if inPlatform := u.TenantID == access.PlatformTenantID; inPlatform != want.superuser {
				t.Errorf("%s is in tenant %s", email, u.TenantID)
			}
			if ok, err := passwords().Matches(t.Context(), account.PasswordHash, want.password, 0); err != nil || !ok {
				t.Errorf("%s: password %q doesn't match (%v)", email, want.password, err)
			}
		}
	})
}

func TestRunAddsNothingTwice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)
		d.seed(t, small())
		before := d.content(t)
		for name, again := range map[string]seed.Options{
			"the same":      small(),
			"another scale": {Scale: seed.Full},
			"another seed":  {Scale: seed.Small, Seed: 7},
		} {
			t.Run(name, func(t *testing.T) {
				report := d.seed(t, again)

				for _, l := range report.Loaded {
					if !l.Skipped || l.Users != 0 || l.Companies != 0 || l.AuditEntries != 0 {
						t.Errorf("%+v; want it skipped", l)
					}
				}
				expectSame(t, before, d.content(t))
			})
		}
	})
}

// content says what is excluded from the comparison. Signatures and seals are compared, because all
// runs have the same key. Loading everything takes seconds, so only the tests with small compare
// two runs on SQLite.
func TestRunIsTheSameOnEveryEngine(t *testing.T) {
	t.Parallel()
	opts := seed.Options{Seed: 42}
	reference := newDatabase(t, store.SQLite)
	reference.seed(t, opts)
	want := reference.content(t)
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		if engine == reference.store.Engine() {
			return
		}
		d := newDatabase(t, engine)

		d.seed(t, opts)

		expectSame(t, want, d.content(t))
	})
}

func TestRunContinuesAfterAFailedRun(t *testing.T) {
	t.Parallel()
	reference := newDatabase(t, store.SQLite)
	reference.seed(t, small())
	want := reference.content(t)
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)
		at := time.Date(2026, time.May, 4, 9, 0, 0, 0, time.UTC)
		inTheWay := db.InsertAccountParams{
			ID: uuid.New(), Email: "ceo@medcare.com", PasswordHash: "x", CreatedAt: at, UpdatedAt: at, Version: 1,
		}
		if err := d.store.InsertAccount(t.Context(), inTheWay); err != nil {
			t.Fatal(err)
		}
		report, err := seed.Run(t.Context(), d.store, keys(t), passwords(), small())
		if err == nil || len(report.Loaded) != 2 {
			t.Fatalf("%d scenarios loaded, error %v; want 2 and the error of the third", len(report.Loaded), err)
		}
		if _, err := d.store.DeleteAccountUnscoped(t.Context(), db.DeleteAccountUnscopedParams{ID: inTheWay.ID}); err != nil {
			t.Fatal(err)
		}

		d.seed(t, small())

		expectSame(t, want, d.content(t))
	})
}

func TestRunAtOnceAddsEverythingOnce(t *testing.T) {
	t.Parallel()
	reference := newDatabase(t, store.SQLite)
	reference.seed(t, small())
	want := reference.content(t)
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)
		reports := make([]seed.Report, 3)
		var running sync.WaitGroup
		for i := range reports {
			s := storetest.Open(t, d.url)
			running.Go(func() {
				var err error
				if reports[i], err = seed.Run(t.Context(), s, keys(t), passwords(), small()); err != nil {
					t.Errorf("run %d: %v", i, err)
				}
			})
		}
		running.Wait()

		loaded := map[string]int{}
		for _, r := range reports {
			for _, l := range r.Loaded {
				if !l.Skipped {
					loaded[l.Scenario]++
				}
			}
		}
		if diff := cmp.Diff(map[string]int{"tech-startup": 1, "retail-chain": 1, "healthcare-network": 1, "remote-first": 1, "financial-services": 1}, loaded); diff != "" {
			t.Errorf("runs that loaded a scenario (-want +got):\n%s", diff)
		}
		expectSame(t, want, d.content(t))
	})
}

func TestAnotherSeedMakesOtherPeople(t *testing.T) {
	t.Parallel()
	one, two := newDatabase(t, store.SQLite), newDatabase(t, store.SQLite)
	one.seed(t, seed.Options{Seed: 1, Scale: seed.Small, Scenarios: []string{"tech-startup"}})
	two.seed(t, seed.Options{Seed: 2, Scale: seed.Small, Scenarios: []string{"tech-startup"}})
	a, b := one.content(t), two.content(t)

	names := func(c content) (list []string) {
		for _, u := range c.Users {
			list = append(list, u.FullName)
		}
		return list
	}
	ids := map[uuid.UUID]bool{}
	for _, u := range a.Users {
		ids[u.ID] = true
	}

	if slices.Equal(names(a), names(b)) {
		t.Error("two seeds created people with the same names")
	}
	for _, u := range b.Users {
		if ids[u.ID] {
			t.Errorf("two seeds created the same id %s of %s", u.ID, u.Email)
		}
	}
}

func TestScenarioDoesNotDependOnOthers(t *testing.T) {
	t.Parallel()
	all, alone := newDatabase(t, store.SQLite), newDatabase(t, store.SQLite)
	all.seed(t, small())

	report := alone.seed(t, seed.Options{Scale: seed.Small, Scenarios: []string{"retail-chain", "retail-chain"}})

	if len(report.Loaded) != 1 || report.Loaded[0].Scenario != "retail-chain" {
		t.Fatalf("loaded %+v; want retail-chain alone, once", report.Loaded)
	}
	want, got := all.content(t), alone.content(t)
	expectSame(t, want.of(t, "FASHIONHUB"), got.of(t, "FASHIONHUB"))
}

func TestUnknownScenarioIsRefused(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, store.SQLite)

	_, err := seed.Run(t.Context(), d.store, keys(t), passwords(), seed.Options{Scenarios: []string{"tech-startup", "bakery"}})

	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range append(seed.Names(), `"bakery"`) {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q doesn't name %s", err, want)
		}
	}
	if n, err := d.store.CountAccounts(t.Context()); err != nil || n != 0 {
		t.Errorf("%d users added (%v); want none", n, err)
	}
}

func TestUnknownScaleIsRefused(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, store.SQLite)

	_, err := seed.Run(t.Context(), d.store, keys(t), passwords(), seed.Options{Scale: "tiny"})

	if err == nil || !strings.Contains(err.Error(), "tiny") || !strings.Contains(err.Error(), "full and small") {
		t.Errorf("error %v; want one that names tiny, full and small", err)
	}
}

func TestForeignUserWithDemoAddressLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)
		at := time.Date(2026, time.May, 4, 9, 0, 0, 0, time.UTC)
		err := d.store.InsertAccount(t.Context(), db.InsertAccountParams{
			ID: uuid.New(), Email: "ceo@techstart.com", PasswordHash: "x", CreatedAt: at, UpdatedAt: at, Version: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		before := d.content(t)

		report, err := seed.Run(t.Context(), d.store, keys(t), passwords(), small())

		if err == nil || !strings.Contains(err.Error(), "ceo@techstart.com") || len(report.Loaded) != 0 {
			t.Errorf("error %v, report %+v; want an error that names ceo@techstart.com", err, report)
		}
		expectSame(t, before, d.content(t))
	})
}

func passwords() *auth.Passwords { return auth.NewPasswords(4) }

func keys(t *testing.T) *audit.Keys {
	t.Helper()
	keys, err := audit.NewKeys([]byte("only-for-tests-5rB0vV7mYk3sQxN2cJ8w"))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

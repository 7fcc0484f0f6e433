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

func TestRunAddsWhatItReports(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)
		want := seed.Report{Loaded: []seed.Loaded{
			{Scenario: "tech-startup", TenantCode: "TECHSTART", Tenant: "Tech Startup", Login: "ceo@techstart.com", Users: 25, Companies: 3},
			{Scenario: "retail-chain", TenantCode: "FASHIONHUB", Tenant: "Retail Chain", Login: "ceo@fashionhub.com", Users: 200, Companies: 6},
		}}

		got := d.seed(t, seed.Options{})

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("report (-want +got):\n%s", diff)
		}
		c := d.content(t)
		if len(c.Tenants) != 3 || len(c.Users) != 226 || len(c.Companies) != 9 || len(c.AuditEntries) != 2+226+9 {
			t.Errorf("%d tenants, %d users, %d companies, %d audit entries; want 3, 226, 9, 237, with the platform and its superuser",
				len(c.Tenants), len(c.Users), len(c.Companies), len(c.AuditEntries))
		}
	})
}

// The demo's trails verify, and what signs them is the same with each run.
func TestRunSignsItsEntries(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)
		d.seed(t, seed.Options{})
		c := d.content(t)
		sealer, verifier := audit.NewSealer(d.store, keys(t), nil), audit.NewVerifier(d.store, keys(t))
		for _, tenant := range c.Tenants {
			sealed, err := sealer.Seal(t.Context(), tenant.ID)
			if err != nil {
				t.Fatal(err)
			}
			check, err := verifier.Begin(tenant.ID, "")
			if err != nil {
				t.Fatal(err)
			}
			for done := false; !done; {
				if done, err = check.Step(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if v := check.Result(); v.Status != audit.Intact || v.Seq != sealed || v.Entries != int64(len(c.of(t, tenant.Code).AuditEntries)) {
				t.Errorf("%s: %d sealed, %s", tenant.Code, sealed, v.Detail())
			}
		}
	})
}

func TestRunMakesPublicLogins(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)
		d.seed(t, seed.Options{})
		for email, want := range map[string]struct {
			password  string
			superuser bool
		}{
			"ceo@techstart.com":     {password: "password123"},
			"ceo@fashionhub.com":    {password: "password123"},
			"superadmin@system.com": {password: "SuperAdmin123!", superuser: true},
		} {
			u, err := d.store.GetUserByEmailUnscoped(t.Context(), db.GetUserByEmailUnscopedParams{Email: email})
			if err != nil {
				t.Fatal(err)
			}
			if u.Role != "admin" || !u.IsActive || u.IsSuperuser != want.superuser {
				t.Errorf("%s: role %s, active %v, superuser %v; want an active admin, superuser %v", email, u.Role, u.IsActive, u.IsSuperuser, want.superuser)
			}
			if inPlatform := u.TenantID == access.PlatformTenantID; inPlatform != want.superuser {
				t.Errorf("%s is in tenant %s", email, u.TenantID)
			}
			if ok, err := passwords().Matches(t.Context(), *u.PasswordHash, want.password); err != nil || !ok {
				t.Errorf("%s: password %q doesn't match (%v)", email, want.password, err)
			}
		}
	})
}

func TestRunAddsNothingTwice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)
		d.seed(t, seed.Options{})
		before := d.content(t)
		for name, again := range map[string]seed.Options{
			"same seed":    {}, // the id is taken
			"another seed": {Seed: 7},
		} {
			t.Run(name, func(t *testing.T) {
				report := d.seed(t, again)

				for _, l := range report.Loaded {
					if !l.Skipped || l.Users != 0 || l.Companies != 0 {
						t.Errorf("%+v; want it skipped", l)
					}
				}
				expectSame(t, before, d.content(t))
			})
		}
	})
}

func TestRunIsTheSameOnEveryEngineAndEveryTime(t *testing.T) {
	t.Parallel()
	reference := newDatabase(t, store.SQLite)
	reference.seed(t, seed.Options{Seed: 42})
	want := reference.content(t)
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)

		d.seed(t, seed.Options{Seed: 42})

		expectSame(t, want, d.content(t))
	})
}

func TestRunAtOnceAddsEverythingOnce(t *testing.T) {
	t.Parallel()
	reference := newDatabase(t, store.SQLite)
	reference.seed(t, seed.Options{})
	want := reference.content(t)
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)
		reports := make([]seed.Report, 3)
		var running sync.WaitGroup
		for i := range reports {
			s := storetest.Open(t, d.url)
			running.Go(func() {
				var err error
				if reports[i], err = seed.Run(t.Context(), s, keys(t), passwords(), seed.Options{}); err != nil {
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
		if diff := cmp.Diff(map[string]int{"tech-startup": 1, "retail-chain": 1}, loaded); diff != "" {
			t.Errorf("runs that loaded a scenario (-want +got):\n%s", diff)
		}
		expectSame(t, want, d.content(t))
	})
}

func TestAnotherSeedMakesOtherPeople(t *testing.T) {
	t.Parallel()
	one, two := newDatabase(t, store.SQLite), newDatabase(t, store.SQLite)
	one.seed(t, seed.Options{Seed: 1, Scenarios: []string{"tech-startup"}})
	two.seed(t, seed.Options{Seed: 2, Scenarios: []string{"tech-startup"}})
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
		t.Error("two seeds made people of the same names")
	}
	for _, u := range b.Users {
		if ids[u.ID] {
			t.Errorf("two seeds made the id %s of %s", u.ID, u.Email)
		}
	}
}

func TestScenarioDoesNotDependOnOthers(t *testing.T) {
	t.Parallel()
	all, alone := newDatabase(t, store.SQLite), newDatabase(t, store.SQLite)
	all.seed(t, seed.Options{})

	report := alone.seed(t, seed.Options{Scenarios: []string{"retail-chain", "retail-chain"}})

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
	if n, err := d.store.CountUsersUnscoped(t.Context()); err != nil || n != 0 {
		t.Errorf("%d users added (%v); want none", n, err)
	}
}

func TestForeignUserWithDemoAddressLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		d := newDatabase(t, engine)
		at := time.Date(2026, time.May, 4, 9, 0, 0, 0, time.UTC)
		err := d.store.InsertUser(t.Context(), db.InsertUserParams{
			TenantID: access.PlatformTenantID, ID: uuid.New(), Email: "ceo@techstart.com", FullName: "Somebody Else", Role: "viewer",
			CreatedAt: at, UpdatedAt: at, Version: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		before := d.content(t)

		report, err := seed.Run(t.Context(), d.store, keys(t), passwords(), seed.Options{})

		if err == nil || !strings.Contains(err.Error(), "ceo@techstart.com") || len(report.Loaded) != 0 {
			t.Errorf("error %v, report %+v; want an error that names ceo@techstart.com", err, report)
		}
		expectSame(t, before, d.content(t))
	})
}

func TestEveryRowHasOneAuditEntry(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, store.SQLite)
	d.seed(t, seed.Options{})
	c := d.content(t)

	type entry struct{ tenantID, entityID, action, entityType, label string }
	want, got := map[entry]int{}, map[entry]int{}
	for _, r := range c.Tenants {
		if r.ID != access.PlatformTenantID {
			want[entry{r.ID.String(), r.ID.String(), "tenant.create", "tenant", r.Name}]++
		}
	}
	for _, r := range c.Companies {
		want[entry{r.TenantID.String(), r.ID.String(), "company.create", "company", r.Name}]++
	}
	for _, r := range c.Users {
		want[entry{r.TenantID.String(), r.ID.String(), "user.create", "user", r.Email}]++
	}
	for _, e := range c.AuditEntries {
		got[entry{e.TenantID.String(), e.EntityID.String(), e.Action, *e.EntityType, *e.EntityLabel}]++
		if e.Outcome != "success" || e.ActorID != nil || !strings.Contains(string(e.Changes), `"before":null`) {
			t.Errorf("entry %s %s: outcome %s, actor %v, changes %s", e.Action, *e.EntityLabel, e.Outcome, e.ActorID, e.Changes)
		}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(entry{})); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
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

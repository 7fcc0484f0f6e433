package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/app"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

const secretKey = "q7Vf0ZyT3mLr9XwKc2HsPd5NbJ8uEaGi4RtYoQ1eWxM6"

// installation is a database with the settings of a program that uses it.
type installation struct {
	url   string
	store *store.Store
	env   []string // in addition to the required settings
}

// with returns the same installation with additional settings.
func (i installation) with(env ...string) installation {
	i.env = env
	return i
}

func newInstallation(t *testing.T, engine store.Engine) installation {
	t.Helper()
	url := storetest.NewMigratedURL(t, engine)
	return installation{url: url, store: storetest.Open(t, url)}
}

// run runs the program to its end and returns its output.
func (i installation) run(args ...string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	env := []string{"DATABASE_URL=" + i.url, "SECRET_KEY=" + secretKey, "ENVIRONMENT=development"}
	status = app.Run(context.Background(), args, append(env, i.env...), &out, &errs)
	return status, out.String(), errs.String()
}

var newYear = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// trail creates a tenant with entries at these times after new year, in one transaction.
func (i installation) trail(t *testing.T, code string, times ...time.Duration) uuid.UUID {
	t.Helper()
	tenant := db.InsertTenantParams{ID: uuid.Must(uuid.NewV7()), Code: code, Name: code, Tier: "free", Status: "active", CreatedAt: newYear, UpdatedAt: newYear, Version: 1}
	keys, err := audit.NewKeys([]byte(secretKey))
	if err != nil {
		t.Fatal(err)
	}
	log := audit.NewLog(keys, nil, nil)
	err = i.store.Tx(t.Context(), func(tx store.Tx) error {
		if err := tx.InsertTenant(t.Context(), tenant); err != nil {
			return err
		}
		for n, d := range times {
			e := db.AuditEntry{
				TenantID: tenant.ID, ID: uuid.Must(uuid.NewV7()), OccurredAt: newYear.Add(d), Action: "test.entry", Changes: json.RawMessage(`{}`),
				Outcome: "success", RequestID: fmt.Sprint(n),
			}
			if err := log.Insert(t.Context(), tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tenant.ID
}

// entries returns a tenant's entries, newest first.
func (i installation) entries(t *testing.T, tenantID uuid.UUID) []db.AuditEntry {
	t.Helper()
	list, err := i.store.ListAuditEntries(t.Context(), db.ListAuditEntriesParams{
		TenantID: tenantID, AfterOccurredAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), Limit: 10_000,
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAuditPrune(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		home := newInstallation(t, engine)
		old := make([]time.Duration, 2345) // more than two batches, many at the same time
		for i := range old {
			old[i] = -time.Second * time.Duration(1+i/100)
		}
		kept := []time.Duration{0, time.Microsecond, time.Hour}
		large := home.trail(t, "LARGE", slices.Concat(old, kept)...)
		small := home.trail(t, "SMALL", -time.Microsecond, 0)
		young := home.trail(t, "YOUNG", kept...)

		status, stdout, stderr := home.run("audit", "prune", "--before", "2025-01-01")
		if status != 0 || !strings.Contains(stdout, "would delete 2345 entries") || !strings.Contains(stdout, "2346 entries, say it again with --yes") {
			t.Errorf("without --yes: status %d\n%s%s", status, stdout, stderr)
		}
		if got := len(home.entries(t, large)); got != len(old)+len(kept) {
			t.Errorf("%d entries are left without --yes", got)
		}

		status, stdout, stderr = home.run("audit", "prune", "--before", "2025-01-01", "--yes")
		if status != 0 || !strings.Contains(stdout, "deleted 2345 entries") || !strings.Contains(stdout, "deleted 1 entries") || strings.Contains(stdout, "YOUNG") {
			t.Errorf("status %d\n%s%s", status, stdout, stderr)
		}
		for tenantID, want := range map[uuid.UUID]struct {
			left   int
			pruned []float64 // newest first
		}{large: {3, []float64{345, 1000, 1000}}, small: {1, []float64{1}}, young: {3, nil}} {
			left := home.entries(t, tenantID)
			if len(left) != want.left+len(want.pruned) {
				t.Fatalf("%d entries are left, want %d and %d about the pruning", len(left), want.left, len(want.pruned))
			}
			for i, count := range want.pruned {
				var changes map[string]struct{ After any }
				if err := json.Unmarshal(left[i].Changes, &changes); err != nil {
					t.Fatal(err)
				}
				if e := left[i]; e.Action != "audit.prune" || e.ActorID != nil || changes["entries"].After != count || changes["before"].After != "2025-01-01T00:00:00Z" || e.RequestID != left[0].RequestID {
					t.Errorf("entry %d about the pruning: %+v %s", i, e, e.Changes)
				}
			}
			for _, e := range left[len(want.pruned):] {
				if e.Action != "test.entry" || e.OccurredAt.Before(newYear) {
					t.Errorf("remaining entry: %+v", e)
				}
			}
		}

		status, stdout, _ = home.run("audit", "prune", "--before", "2025-01-01T00:00:00Z", "--yes")
		if status != 0 || !strings.Contains(stdout, "no audit entries from before 2025-01-01T00:00:00Z") {
			t.Errorf("the second time: status %d\n%s", status, stdout)
		}
		if got := len(home.entries(t, young)); got != 3 {
			t.Errorf("pruning nothing wrote an entry: %d entries", got)
		}
	})
}

func TestAuditPruneRefusesOtherDates(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, store.SQLite)
	tomorrow := time.Now().Add(24 * time.Hour).Format(time.RFC3339)
	for _, args := range [][]string{{}, {"--before", "yesterday"}, {"--before", "2025-02-30"}, {"--before", tomorrow}, {"--before", "9999-01-01"}, {"--before", "2025-01-01T00:00:00,5Z"}, {"--before", "2025-01-01T00:00:00+24:00"}} {
		status, stdout, stderr := home.run(append([]string{"audit", "prune", "--yes"}, args...)...)
		if status == 0 || stdout != "" || !strings.Contains(stderr, "--before") {
			t.Errorf("%v: status %d\n%s%s", args, status, stdout, stderr)
		}
	}
	if status, _, stderr := home.run("audit", "prune", "--before", "2025-01-01t00:00:00z"); status != 0 {
		t.Errorf("small letters: status %d\n%s", status, stderr)
	}
	if status, stdout, _ := home.run("audit", "prune", "--help"); status != 0 || !strings.Contains(stdout, "what would go") {
		t.Errorf("help: status %d\n%s", status, stdout)
	}
	if status, _, _ := home.run("audit", "purge"); status == 0 {
		t.Error("a misspelt command succeeds")
	}
}

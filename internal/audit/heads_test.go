package audit_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// remembering returns the chain as a new server process sees it, which remembers the heads in a
// file.
func (c *chain) remembering(t *testing.T, path string) (*chain, *audit.Heads) {
	t.Helper()
	heads := audit.NewHeads(newKeys(t, secret))
	if err := heads.Load(path); err != nil {
		t.Fatal(err)
	}
	server := c.with(t, newKeys(t, secret))
	server.sealer.UseHeads(heads)
	server.verifier.UseHeads(heads)
	return server, heads
}

func save(t *testing.T, heads *audit.Heads) {
	t.Helper()
	if err := heads.Save(); err != nil {
		t.Fatal(err)
	}
}

// unseal deletes the seals from a number on, so that their entries wait again.
func (tr *trailOfTen) unseal(from int) {
	tr.execf("DELETE FROM audit_seals WHERE tenant_id = '%s' AND number >= %d", tr.tenant, from)
	tr.execf("UPDATE audit_links SET seal_number = 0 WHERE tenant_id = '%s' AND seal_number >= %d", tr.tenant, from)
}

func (tr *trailOfTen) remove(entries ...int) {
	for _, n := range entries {
		tr.deleteEntry(n)
		tr.deleteLink(n)
	}
}

// rewrites change the tables into a state that the program could have written.
var rewrites = map[string]struct {
	change func(*trailOfTen)
	seq    int64 // number of the first missing entry
	left   int64 // number of remaining entries
}{
	"one entry removed, and the seals from there on":      {func(tr *trailOfTen) { tr.remove(4); tr.unseal(2) }, 4, 9},
	"one entry removed, and all seals":                    {func(tr *trailOfTen) { tr.remove(0); tr.unseal(1) }, 1, 9},
	"the only entry of a seal removed with it":            {func(tr *trailOfTen) { tr.remove(7); tr.unseal(3) }, 8, 9},
	"nothing removed but all seals":                       {func(tr *trailOfTen) { tr.unseal(1) }, 1, 10},
	"nothing removed but the last seal":                   {func(tr *trailOfTen) { tr.unseal(3) }, 8, 10},
	"the tail cut off":                                    {(*trailOfTen).cutTail, 8, 7},
	"an older state of the tables":                        {func(tr *trailOfTen) { tr.remove(5, 6, 7, 8, 9); tr.unseal(2) }, 4, 5},
	"everything removed":                                  {func(tr *trailOfTen) { tr.remove(0, 1, 2, 3, 4, 5, 6, 7, 8, 9); tr.unseal(1) }, 1, 0},
	"all seals removed, and the last one made of another": {func(tr *trailOfTen) { tr.unseal(2); tr.remove(9) }, 4, 9},
}

func TestRememberedHeadRevealsRewrites(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		shared := newChain(t, engine)
		for name, test := range rewrites {
			t.Run(name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "checkpoints")
				running, heads := shared.remembering(t, path)
				tr := running.newTrail()
				save(t, heads)
				test.change(tr)
				restarted, _ := shared.remembering(t, path)
				for who, server := range map[string]*chain{"a running server": running, "one that was started afterwards": restarted} {
					tr.want(t, server.verify(tr.tenant, ""), finding{audit.TailMissing, test.seq, -1})
					_, err := server.sealer.Seal(t.Context(), tr.tenant)
					if r, ok := errors.AsType[*audit.Regression](err); !ok || r.TenantID != tr.tenant || r.Known != 8 || r.Found != test.seq-1 {
						t.Errorf("%s seals: %v", who, err)
					}
				}
				// Without a remembered head the rewrite is not found.
				forgetful := shared.restarted()
				if v := forgetful.verify(tr.tenant, ""); v.Status != audit.Intact || v.Entries != test.left {
					t.Errorf("without a remembered head: %s", v.Detail())
				}
				// After sealing again, the number may belong to another entry.
				forgetful.insert(someEntry(tr.tenant, 10))
				forgetful.seal(tr.tenant)
				if v := restarted.verify(tr.tenant, ""); v.Status != audit.Replaced && v.Status != audit.TailMissing {
					t.Errorf("after another process has sealed: %s", v.Detail())
				}
				if _, err := restarted.sealer.Seal(t.Context(), tr.tenant); err == nil {
					t.Error("new seals of another process are accepted")
				}
			})
		}
	})
}

// Entries that are deleted before they are sealed leave no trace.
func TestDeletedWaitingEntriesAreNotDetected(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	server, _ := c.remembering(t, filepath.Join(t.TempDir(), "checkpoints"))
	tr := server.newTrail()
	tr.remove(8, 9)
	tr.want(t, server.verify(tr.tenant, tr.checkpoint), finding{audit.Intact, 0, -1})
}

// If a tenant's seals replace another tenant's, both have a regression.
func TestTrailOfAnotherTenantIsNoContinuation(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	server, _ := c.remembering(t, filepath.Join(t.TempDir(), "checkpoints"))
	one, two := server.newTrail(), server.newTrail()
	for _, table := range []string{"audit_entries", "audit_links", "audit_seals"} {
		c.execf("DELETE FROM %s WHERE tenant_id = '%s'", table, two.tenant)
		c.execf("UPDATE %s SET tenant_id = '%s' WHERE tenant_id = '%s'", table, two.tenant, one.tenant)
	}
	for _, tr := range []*trailOfTen{one, two} {
		if _, err := server.sealer.Seal(t.Context(), tr.tenant); err == nil {
			t.Error("the replaced chain was sealed")
		}
		if v := server.verify(tr.tenant, ""); v.Status == audit.Intact {
			t.Error(v.Detail())
		}
	}
}

func TestServersThatSealTheSameTenantDoNotRefuseEachOthersSeals(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChain(t, engine)
		tenantID := c.tenant()
		servers := []*chain{c.restarted(), c.restarted(), c.restarted()}
		for _, n := range []int{0, 0, 1, 0, 1, 1, 2, 0} {
			c.insert(someEntry(tenantID, n))
			servers[n].seal(tenantID)
		}
		if v := c.verify(tenantID, ""); v.Status != audit.Intact || v.Seq != 8 {
			t.Error(v.Detail())
		}
	})
}

// accept does what `tenantry audit accept` does.
func (c *chain) accept(tenantID uuid.UUID) {
	c.t.Helper()
	now := func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	log := audit.NewLog(newKeys(c.t, secret), now, newID)
	if _, err := audit.Accept(access.WithRequest(c.t.Context(), &access.Request{}), c.store, log, nil, tenantID); err != nil {
		c.t.Fatal(err)
	}
}

func TestSealingContinuesFromAnAcceptedHead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChain(t, engine)
		path := filepath.Join(t.TempDir(), "checkpoints")
		one, heads := c.remembering(t, path)
		tr := one.newTrail()
		save(t, heads)
		two, _ := c.remembering(t, path)
		tr.remove(4)
		tr.unseal(2)
		tr.accept(tr.tenant)
		if n := one.seal(tr.tenant); n != 7 { // the six remaining ones, and the entry of Accept
			t.Errorf("%d sealed, want 7", n)
		}
		c.insert(someEntry(tr.tenant, 11))
		if n := two.seal(tr.tenant); n != 1 {
			t.Errorf("another server has sealed %d", n)
		}
		for _, server := range []*chain{one, two} {
			if v := server.verify(tr.tenant, ""); v.Status != audit.Intact || v.Seq != 11 {
				t.Error(v.Detail())
			}
		}

		// The entry can't be used again, because seals were made after it.
		tr.unseal(2)
		tr.remove(5)
		for _, server := range []*chain{one, two} {
			if _, err := server.sealer.Seal(t.Context(), tr.tenant); err == nil {
				t.Error("an entry of Accept is valid more than once")
			}
		}
	})
}

func TestDeletionReleasesTheRememberedHead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChain(t, engine)
		server, _ := c.remembering(t, filepath.Join(t.TempDir(), "checkpoints"))
		begin := func(tr *trailOfTen, outcome audit.Outcome) {
			e := someEntry(access.PlatformTenantID, 0)
			e.Action, e.EntityID, e.Outcome = audit.TenantDelete, &tr.tenant, string(outcome)
			c.insert(e)
		}
		going, active, refused := server.newTrail(), server.newTrail(), server.newTrail()
		begin(going, audit.Success)
		begin(active, audit.Success)
		begin(refused, audit.Denied)
		for _, tr := range []*trailOfTen{going, refused} {
			c.execf("UPDATE tenants SET status = 'deleting' WHERE id = '%s'", tr.tenant)
		}
		for _, tr := range []*trailOfTen{going, active, refused} {
			tr.unseal(2)
		}
		if n := server.seal(going.tenant); n != 7 {
			t.Errorf("%d sealed of a tenant that is being deleted, want 7", n)
		}
		if _, err := server.sealer.Seal(t.Context(), active.tenant); err == nil {
			t.Error("the head of a tenant that is no longer being deleted is released")
		}
		if _, err := server.sealer.Seal(t.Context(), refused.tenant); err == nil {
			t.Error("a refused deletion releases the head")
		}
	})
}

func TestAcceptanceCannotBeForged(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	server, _ := c.remembering(t, filepath.Join(t.TempDir(), "checkpoints"))
	tr, other := server.newTrail(), server.newTrail()
	tr.accept(tr.tenant) // accepts the current end only
	other.accept(other.tenant)
	tr.unseal(2)
	public := c.restarted().verify(tr.tenant, "").Checkpoint
	c.execf("UPDATE audit_entries SET tenant_id = '%s', entity_id = '%s' WHERE tenant_id = '%s' AND action = 'audit.accept'", tr.tenant, tr.tenant, other.tenant)
	c.execf("UPDATE audit_entries SET action = 'audit.accept', entity_id = '%s' WHERE %s", tr.tenant, tr.where("id", 9))
	if _, err := server.sealer.Seal(t.Context(), tr.tenant); err == nil {
		t.Error("the forged text is accepted")
	}
	// Anyone who may read the trail can get a checkpoint. The entry about the acceptance is signed.
	c.execf(`UPDATE audit_entries SET changes = CAST('{"checkpoint":{"after":"%s"}}' AS BLOB) WHERE tenant_id = '%s' AND action = 'audit.accept'`, public, tr.tenant)
	if _, err := server.sealer.Seal(t.Context(), tr.tenant); err == nil {
		t.Error("the checkpoint of an earlier head is valid although no operator accepted it")
	}
}

func TestTimeOfSealingNeverGoesBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChain(t, engine)
		tenantID := c.tenant()
		clocks := []func() time.Time{func() time.Time { return noon.Add(time.Second) }, func() time.Time { return noon }, nil, func() time.Time { return noon.Add(time.Minute) }}
		for n, now := range clocks {
			c.insert(someEntry(tenantID, n))
			server := c.restarted()
			server.sealer.Now = now
			server.seal(tenantID)
		}
		seals, err := c.store.ListAuditSeals(t.Context(), db.ListAuditSealsParams{TenantID: tenantID, Limit: 9})
		if err != nil || len(seals) != 4 || !seals[1].SealedAt.Equal(noon.Add(time.Second)) || seals[2].SealedAt != nil || !seals[3].SealedAt.Equal(noon.Add(time.Minute)) {
			t.Errorf("%+v, %v", seals, err)
		}
		if v := c.verify(tenantID, ""); v.Status != audit.Intact || v.Seq != 4 {
			t.Error(v.Detail())
		}
	})
}

func TestEntriesThatWaitTooLongAreAFinding(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	tr := c.newTrail()
	written := time.Unix(tr.entries[8].ID.Time().UnixTime())
	c.verifier.Now = func() time.Time { return written.Add(10 * time.Minute) }
	tr.want(t, c.verify(tr.tenant, ""), finding{audit.Intact, 0, -1})
	c.verifier.Now = func() time.Time { return written.Add(10*time.Minute + time.Millisecond) }
	v := c.verify(tr.tenant, "")
	tr.want(t, v, finding{audit.Overdue, 0, 8})
	if !strings.Contains(v.Detail(), "2 entries wait") || !strings.Contains(v.Detail(), "no server runs") {
		t.Error(v.Detail())
	}
	tr.deleteEntry(1)
	tr.want(t, c.verify(tr.tenant, ""), finding{audit.Missing, 2, 1})
}

func TestEntriesThatAreSealedLateAreAFinding(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChain(t, engine)
		tr := c.newTrail()
		tr.remove(4)
		tr.unseal(2)
		late := c.restarted()
		late.sealer.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
		late.seal(tr.tenant)
		v := c.verify(tr.tenant, "")
		if v.First == nil {
			t.Fatalf("%+v", v)
		}
		if place := *v.First; v.Status != audit.SealedLate || v.Late != 6 || place.Seq != 4 || place.EntryID != tr.entries[3].ID || v.Checkpoint == "" {
			t.Errorf("%+v", v)
		}
		if !strings.Contains(v.Detail(), "if no server ran meanwhile") {
			t.Error(v.Detail())
		}
		// A checkpoint that is made after a check covers these entries.
		if v := c.verify(tr.tenant, v.Checkpoint); v.Status != audit.Intact || v.Late != 0 {
			t.Errorf("after it: %s", v.Detail())
		}
	})
}

// oldCheckpoint was made before migration 17, at number 8, with this secret.
const oldCheckpoint = "01a22c83-02e2-7c7e-b888-59fff61681e9 tnt1.LAiyowAAAAAAAAAIBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwfgmOWVuXRukQBQlCOBx_Lq0LKSm3TNYB7P4SJMm6H92g"

func TestCheckpointsOfEarlierProgramsAreRead(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	tenantID, text, _ := strings.Cut(oldCheckpoint, " ")
	check, err := c.verifier.Begin(uuid.MustParse(tenantID), text)
	if err != nil {
		t.Fatal(err)
	}
	for done := false; err == nil && !done; {
		done, err = check.Step(t.Context())
	}
	if v := check.Result(); err != nil || v.Status != audit.TailMissing || !strings.Contains(v.Detail(), "number 8") {
		t.Errorf("%s, %v", v.Detail(), err)
	}
}

func TestFileOfCheckpoints(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	folder := t.TempDir()
	path := filepath.Join(folder, "checkpoints")
	server, heads := c.remembering(t, path)
	if !heads.IsNew() {
		t.Error("IsNew is false although the file doesn't exist")
	}
	tr := server.newTrail()
	save(t, heads)
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want a file that only its owner may read", info, err)
	}
	if list, err := audit.ReadCheckpoints(strings.NewReader(string(written))); err != nil || list[tr.tenant].Text != tr.checkpoint {
		t.Errorf("%s: %v", written, err)
	}
	if left, err := filepath.Glob(filepath.Join(folder, ".*")); err != nil || len(left) != 0 {
		t.Errorf("files in the folder: %v, error %v", left, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	save(t, heads)
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is written although nothing has changed")
	}
	for name, test := range map[string]struct{ content, says string }{
		"no checkpoints":    {"hello", "line 1"},
		"another tenant's":  {uuid.NewString() + " " + tr.checkpoint, "was not made by"},
		"altered":           {tr.tenant.String() + " " + tr.checkpoint + "A", "was not made by"},
		"cut in the middle": {string(written[:len(written)-9]), "was not made by"},
		"too old":           {oldCheckpoint, "was not made by"},
		"a tenant twice":    {string(written) + string(written), "second one"},
	} {
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := audit.NewHeads(newKeys(t, secret)).Load(path); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := audit.NewHeads(newKeys(t, secret)).Load(folder); err == nil {
		t.Error("Load accepts a folder")
	}
}

// TestRunComparesAndLogsHeads covers what Run does besides sealing: it compares heads at start-up,
// and logs checkpoints.
func TestRunComparesAndLogsHeads(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	path := filepath.Join(t.TempDir(), "checkpoints")
	server, heads := c.remembering(t, path)
	cut, deleted, gone, quiet := server.newTrail(), server.newTrail(), server.newTrail(), server.newTrail()
	save(t, heads)
	cut.cutTail()
	for _, tr := range []*trailOfTen{deleted, gone} {
		for _, table := range []string{"audit_entries", "audit_links", "audit_seals"} {
			c.execf("DELETE FROM %s WHERE tenant_id = '%s'", table, tr.tenant)
		}
		c.execf("DELETE FROM tenants WHERE id = '%s'", tr.tenant)
	}
	e := someEntry(access.PlatformTenantID, 0)
	// Older than the seals: entries during a deletion are sealed after it began.
	e.Action, e.EntityID = audit.TenantDelete, &deleted.tenant
	c.insert(e)

	log := &lines{added: make(chan struct{}, 1000)}
	restarted, heads := c.remembering(t, path)
	restarted.sealer = audit.NewSealer(c.store, newKeys(t, secret), slog.New(slog.NewJSONHandler(log, nil)))
	restarted.sealer.UseHeads(heads)
	ended := restarted.run()
	for deadline := time.Now().Add(time.Minute); restarted.sealer.Stats().Refused < 2 || heads.Tenants()[deleted.tenant]; {
		if time.Now().After(deadline) {
			ended()
			t.Fatalf("after a minute: %+v, the tenant that was deleted is remembered: %t", restarted.sealer.Stats(), heads.Tenants()[deleted.tenant])
		}
		c.verify(quiet.tenant, "") // gives the sealer some time
	}
	c.insert(someEntry(quiet.tenant, 11))
	restarted.sealer.Written(quiet.tenant)
	ended()
	if stats := restarted.sealer.Stats(); stats.Sealed < 3 || stats.Refused != 2 {
		t.Errorf("%+v", stats)
	}
	var refused []string
	published := map[string]string{}
	for line := range strings.Lines(log.buf.String()) {
		var l struct {
			Level, Msg, Checkpoint string
			TenantID               string `json:"tenant_id"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		switch {
		case l.Level == "ERROR":
			refused = append(refused, l.TenantID)
		case l.Msg == "audit trail sealed":
			published[l.TenantID] = l.Checkpoint
		}
	}
	want := []string{cut.tenant.String(), gone.tenant.String()}
	if slices.Sort(refused); !slices.Equal(refused, want) {
		t.Errorf("refused: %v, want %v", refused, want)
	}
	if v := c.verify(quiet.tenant, ""); published[quiet.tenant.String()] != v.Checkpoint || published[cut.tenant.String()] != "" {
		t.Errorf("published: %v, want %s", published, v.Checkpoint)
	}
	// The file has the same checkpoint.
	if later, _ := c.remembering(t, path); later.verify(quiet.tenant, "").Seq != 11 {
		t.Error("the file has an older head")
	}
}

// Earlier versions can't verify seals with a time, so the down migration removes them.
func TestTrailsVerifyAfterTheRollbackOfTheSealTime(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChain(t, engine)
		timed, tenantID := c.newTrail(), c.tenant()
		// The last one by an earlier version, during a rolling update.
		for n, now := range []func() time.Time{nil, time.Now, nil} {
			c.insert(someEntry(tenantID, n))
			c.sealer.Now = now
			c.seal(tenantID)
		}
		for {
			undone, err := c.store.MigrateDown(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if undone.Name == "add_audit_seals_sealed_at" {
				break
			}
		}
		if _, err := c.store.MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		server := c.restarted()
		for id, want := range map[uuid.UUID][2]int64{timed.tenant: {0, 10}, tenantID: {1, 2}} {
			if v := server.verify(id, ""); v.Status != audit.Intact || v.Seq != want[0] || v.Waiting != want[1] {
				t.Errorf("%d sealed, %d wait: %s", v.Seq, v.Waiting, v.Detail())
			}
			server.seal(id)
			if v := server.verify(id, ""); v.Status != audit.Intact || v.Waiting != 0 {
				t.Errorf("sealed anew: %s", v.Detail())
			}
		}
	})
}

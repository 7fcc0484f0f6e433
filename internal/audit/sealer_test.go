package audit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func TestWritersAndSealersAtOnceMakeOneChain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChain(t, engine)
		tenantID := c.tenant()
		const writers, each, sealers = 6, 40, 3
		var writing, sealing sync.WaitGroup
		for range writers {
			writing.Go(func() {
				for n := range each {
					err := c.store.Tx(t.Context(), func(tx store.Tx) error { return c.log.Insert(t.Context(), tx, someEntry(tenantID, n)) })
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		written := make(chan struct{})
		for range sealers {
			sealing.Go(func() {
				for last := false; !last; {
					select {
					case <-written:
						last = true
					default:
					}
					if _, err := c.sealer.Seal(t.Context(), tenantID); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		writing.Wait()
		close(written)
		sealing.Wait()
		if v := c.verify(tenantID, ""); v.Status != audit.Intact || v.Seq != writers*each || v.Waiting != 0 {
			t.Errorf("%d sealed, %d wait: %s", v.Seq, v.Waiting, v.Detail())
		}
	})
}

// Entries that were written earlier but committed later must not be skipped.
func TestEntryThatIsCommittedLateIsSealed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		if engine == store.SQLite {
			return // SQLite has one writer at a time
		}
		c := newChain(t, engine)
		tenantID := c.tenant()
		err := c.store.Tx(t.Context(), func(tx store.Tx) error {
			if err := c.log.Insert(t.Context(), tx, someEntry(tenantID, 1)); err != nil {
				return err
			}
			c.insert(someEntry(tenantID, 2))
			if n := c.seal(tenantID); n != 1 {
				t.Errorf("%d sealed while one isn't committed, want 1", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := c.seal(tenantID); n != 1 {
			t.Errorf("%d sealed after that, want 1", n)
		}
		if v := c.verify(tenantID, ""); v.Status != audit.Intact || v.Seq != 2 {
			t.Errorf("%+v", v)
		}
	})
}

// An uncommitted claim blocks only other sealers of the same tenant. It blocks neither sealers of
// other tenants nor writers.
func TestTenantsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		if engine == store.SQLite {
			return // SQLite has one writer at a time
		}
		c := newChain(t, engine)
		one, two := c.tenant(), c.tenant()
		first := c.insert(someEntry(one, 1))
		c.insert(someEntry(two, 1))
		err := c.store.Tx(t.Context(), func(tx store.Tx) error {
			if n, err := tx.ClaimAuditLinks(t.Context(), db.ClaimAuditLinksParams{TenantID: one, SealNumber: 1, LastEntryID: first.ID}); err != nil || n != 1 {
				t.Errorf("%d claimed, %v", n, err)
			}
			c.insert(someEntry(one, 2))
			c.insert(someEntry(two, 2))
			if n := c.seal(two); n != 2 {
				t.Errorf("%d sealed, want 2", n)
			}
			return errors.New("roll back")
		})
		if err == nil || c.seal(one) != 2 {
			t.Errorf("after the claim was given up: %v", err)
		}
		for _, tenantID := range []uuid.UUID{one, two} {
			if v := c.verify(tenantID, ""); v.Status != audit.Intact || v.Seq != 2 {
				t.Errorf("%+v", v)
			}
		}
	})
}

func TestSealsAreOfABoundedSize(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	tenantID := c.tenant()
	const many = 2345
	err := c.store.Tx(t.Context(), func(tx store.Tx) error {
		for n := range many {
			if err := c.log.Insert(t.Context(), tx, someEntry(tenantID, n)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if v := c.verify(tenantID, ""); v.Status != audit.Intact || v.Waiting != many {
		t.Errorf("before: %+v", v)
	}
	if n := c.seal(tenantID); n != many {
		t.Errorf("%d sealed", n)
	}
	seals, err := c.store.ListAuditSeals(t.Context(), db.ListAuditSealsParams{TenantID: tenantID, Limit: 9})
	if err != nil || len(seals) != 3 || seals[0].LastSeq != 1000 || seals[2].LastSeq != many {
		t.Errorf("%d seals, %v", len(seals), err)
	}
	if v := c.verify(tenantID, ""); v.Status != audit.Intact || v.Seq != many || v.Entries != many {
		t.Errorf("after: %+v", v)
	}
}

// running runs a sealer; stop ends it like the program does.
func running(c *chain, log *slog.Logger) (sealer *audit.Sealer, stop func()) {
	c.t.Helper()
	c.sealer = audit.NewSealer(c.store, newKeys(c.t, secret), log)
	return c.sealer, c.run()
}

// run runs the chain's sealer; stop ends it like the program does.
func (c *chain) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() { c.sealer.Run(ctx) })
	return func() {
		cancel()
		wait.Wait()
	}
}

// await waits until the trail has at least seq sealed entries.
func (c *chain) await(tenantID uuid.UUID, seq int64) {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if v := c.verify(tenantID, ""); v.Seq >= seq {
			return
		}
	}
	c.t.Fatalf("%d entries aren't sealed after a minute", seq)
}

func TestRunSealsNewEntries(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChain(t, engine)
		one, two, left := c.tenant(), c.tenant(), c.tenant()
		c.insert(someEntry(left, 1)) // by a process that crashed
		sealer, stop := running(c, slog.New(slog.DiscardHandler))
		defer stop()
		c.await(left, 1)
		c.log.SealWith(sealer)
		for n := range 5 {
			c.insert(someEntry(one, n))
			c.insert(someEntry(two, n))
		}
		c.await(one, 5)
		c.await(two, 5)
		c.insert(someEntry(one, 6))
		c.await(one, 6)
	})
}

func TestRunSealsRemainingEntriesAtItsEnd(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	sealer, stop := running(c, slog.New(slog.DiscardHandler))
	c.log.SealWith(sealer)
	var tenants []uuid.UUID
	for n := range 20 {
		tenants = append(tenants, c.tenant())
		c.insert(someEntry(tenants[n], n))
	}
	stop()
	for _, tenantID := range tenants {
		if v := c.verify(tenantID, ""); v.Seq != 1 {
			t.Errorf("tenant %s: %+v", tenantID, v)
		}
	}
}

// lines sends each logged line.
type lines struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	added chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { l.added <- struct{}{} }()
	return l.buf.Write(p)
}

func TestRunLogsOnceThatTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	tenants := []uuid.UUID{c.tenant(), c.tenant()}
	c.store.Close()
	log := &lines{added: make(chan struct{}, 100)}
	sealer, stop := running(c, slog.New(slog.NewTextHandler(log, nil)))
	<-log.added
	for _, tenantID := range tenants {
		sealer.Written(tenantID)
	}
	stop() // seals both once more
	if got := log.buf.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") || !strings.Contains(got, "tenant_id=") {
		t.Errorf("want one warning about a tenant in the log:\n%s", got)
	}
}

// A rolled back transaction leaves neither of an entry's two rows. One row alone would look like a
// forgery.
func TestEntryIsRolledBackWithItsTransaction(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	tenantID := c.tenant()
	err := c.store.Tx(t.Context(), func(tx store.Tx) error {
		if err := c.log.Insert(t.Context(), tx, someEntry(tenantID, 1)); err != nil {
			return err
		}
		return errors.New("roll back")
	})
	if err == nil || c.seal(tenantID) != 0 {
		t.Errorf("a row is left after the rollback: %v", err)
	}
	if v := c.verify(tenantID, ""); v.Status != audit.Intact || v.Entries != 0 {
		t.Errorf("%+v", v)
	}
}

// A process that crashes between the statements of a seal leaves no part of it.
func TestSealThatFailsLeavesEverythingAsItWas(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChain(t, engine)
		tenantID := c.tenant()
		c.insert(someEntry(tenantID, 1))
		ctx, cancel := context.WithCancel(t.Context())
		err := c.store.Tx(ctx, func(tx store.Tx) error {
			if _, err := tx.ClaimAuditLinks(ctx, db.ClaimAuditLinksParams{TenantID: tenantID, SealNumber: 1, LastEntryID: uuid.Max}); err != nil {
				return err
			}
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if n := c.seal(tenantID); n != 1 {
			t.Errorf("%d sealed afterwards, want 1", n)
		}
		if n := c.seal(tenantID); n != 0 {
			t.Errorf("%d sealed once more, want none", n)
		}
		if v := c.verify(tenantID, ""); v.Status != audit.Intact || v.Seq != 1 {
			t.Errorf("%+v", v)
		}
	})
}

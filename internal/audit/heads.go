package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/store"
)

// maxHeads is the maximum number of remembered heads, of about 200 bytes each. Heads of further
// tenants aren't remembered.
const maxHeads = 500_000

// Heads remembers the heads of tenants' chains outside of the database, so that nobody with write
// access to the database can change them. A chain that no longer contains its remembered head is a
// Regression.
//
// Two kinds of signed entries release a remembered head: AcceptHead in the tenant's trail, written
// after the head was sealed; and TenantDelete in the platform's trail, while the tenant is being
// deleted or is gone.
type Heads struct {
	keys *Keys
	file *headsFile // nil: heads are kept in memory only

	mu      sync.Mutex
	known   map[uuid.UUID]head
	changes int64 // number of changes of known
}

// knownHead is a remembered head, if ok.
type knownHead struct {
	head

	ok bool
}

// NewHeads returns Heads without any remembered head.
func NewHeads(keys *Keys) *Heads { return &Heads{keys: keys, known: map[uuid.UUID]head{}} }

// Regression is the error that a tenant's chain no longer contains a remembered head: seals were
// deleted, or the database was restored to an older state.
type Regression struct {
	TenantID   uuid.UUID
	Known      int64  // number of the last entry of the remembered head
	Found      int64  // number of the last sealed entry in the database now
	Checkpoint string // of the remembered head
}

func (r *Regression) Error() string {
	return fmt.Sprintf("the audit trail of tenant %s ends with number %d now, and the seal of number %d, which is known, is gone", r.TenantID, r.Found, r.Known)
}

func (h *Heads) get(tenantID uuid.UUID) knownHead {
	if h == nil {
		return knownHead{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	known, ok := h.known[tenantID]
	return knownHead{head: known, ok: ok}
}

// all returns a copy of the remembered heads, and the number of changes so far.
func (h *Heads) all() (map[uuid.UUID]head, int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.known), h.changes
}

// advance replaces the remembered head known, unless another goroutine has replaced it first.
func (h *Heads) advance(tenantID uuid.UUID, known knownHead, to head) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, ok := h.known[tenantID]
	if ok != known.ok || ok && (!now.equals(known.head) || now.equals(to)) || !ok && len(h.known) >= maxHeads {
		return
	}
	h.known[tenantID] = to
	h.changes++
}

func (h *Heads) forget(tenantID uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.known, tenantID)
	h.changes++
}

// compare returns a *Regression if a chain with the head found doesn't contain the remembered head,
// and no entry has released that. The caller must get known before it reads found.
func (h *Heads) compare(ctx context.Context, q db.Querier, tenantID uuid.UUID, known knownHead, found head) error {
	if !known.ok {
		return nil
	}
	continued, err := continues(ctx, q, tenantID, known.head, found)
	if err != nil || continued {
		return err
	}
	released, err := h.released(ctx, q, tenantID, known.head, found)
	if err != nil || released {
		return err
	}
	return &Regression{TenantID: tenantID, Known: known.seq, Found: found.seq, Checkpoint: h.keys.checkpoint(tenantID, known.head)}
}

// released reports whether a signed entry releases a remembered head: the tenant was deleted
// through the API, or an operator accepted a head that the chain contains.
func (h *Heads) released(ctx context.Context, q db.Querier, tenantID uuid.UUID, known, found head) (bool, error) {
	deleted, err := h.Deleted(ctx, q, tenantID)
	if err != nil || deleted {
		return deleted, err
	}
	entries, err := h.since(ctx, q, known.sealedAt, tenantID, AcceptHead, tenantID)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		accepted, err := h.keys.acceptedHead(e)
		if err != nil {
			continue // its checkpoint was signed with an unknown key
		}
		if continued, err := continues(ctx, q, tenantID, accepted, found); err != nil || continued {
			return continued, err
		}
	}
	return false, nil
}

// Tenants returns the tenants with a remembered head.
func (h *Heads) Tenants() map[uuid.UUID]bool {
	known, _ := h.all()
	tenants := make(map[uuid.UUID]bool, len(known))
	for tenantID := range known {
		tenants[tenantID] = true
	}
	return tenants
}

// Deleted reports whether a tenant was deleted, or is being deleted, through the API. Entries of
// the tenant during the deletion, such as failed log-ins, may be sealed after it began.
func (h *Heads) Deleted(ctx context.Context, q db.Querier, tenantID uuid.UUID) (bool, error) {
	tenant, err := q.GetTenant(ctx, db.GetTenantParams{ID: tenantID})
	if err == nil && tenant.Status != string(api.TenantStatusDeleting) {
		return false, nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	entries, err := h.since(ctx, q, time.Time{}, access.PlatformTenantID, TenantDelete, tenantID)
	return len(entries) > 0, err
}

// since returns the newest entries of a trail, at most 100, that have an action about a tenant,
// succeeded, are signed correctly and were written at the given time or later.
func (h *Heads) since(ctx context.Context, q db.Querier, at time.Time, trail uuid.UUID, action string, about uuid.UUID) ([]db.AuditEntry, error) {
	const most = 100
	since := storable(at)
	list, err := q.ListAuditEntries(ctx, db.ListAuditEntriesParams{
		TenantID: trail, Since: &since, AfterOccurredAt: latest, Action: &action, EntityID: &about, Outcome: new(string(Success)), Limit: most,
	})
	if errors.Is(err, store.ErrUnreadable) {
		return nil, nil // an unreadable entry proves nothing
	}
	var written []db.AuditEntry
	for _, e := range list {
		l, err := q.GetAuditLink(ctx, db.GetAuditLinkParams{TenantID: trail, EntryID: e.ID})
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if h.keys.wrote(e, l) {
			written = append(written, e)
		}
	}
	return written, err
}

// Accept writes an entry to the tenant's trail which states that an operator accepts the current
// head of its chain. It returns the number of the last sealed entry. Sealers then continue the
// chain from there, even if they remember another head.
func Accept(ctx context.Context, s *store.Store, log *Log, heads *Heads, tenantID uuid.UUID) (int64, error) {
	var end head
	err := s.Tx(ctx, func(tx store.Tx) error {
		var err error
		if end, err = currentHead(ctx, tx, tenantID); err != nil {
			return err
		}
		change := Change{After: log.keys.checkpoint(tenantID, end)}
		if known := heads.get(tenantID); known.ok {
			change.Before = log.keys.checkpoint(tenantID, known.head)
		}
		return log.Write(ctx, tx, access.Principal{TenantID: tenantID}, Entry{
			Action: AcceptHead, EntityType: "tenant", EntityID: tenantID, Changes: Changes{"checkpoint": change},
		})
	})
	return end.seq, err
}

// acceptedHead returns the head in an entry that Accept wrote.
func (k *Keys) acceptedHead(e db.AuditEntry) (head, error) {
	var changes struct {
		Checkpoint struct {
			After string `json:"after"`
		} `json:"checkpoint"`
	}
	if err := json.Unmarshal(e.Changes, &changes); err != nil {
		return head{}, fmt.Errorf("read changes: %w", err)
	}
	return k.readCheckpoint(e.TenantID, changes.Checkpoint.After)
}

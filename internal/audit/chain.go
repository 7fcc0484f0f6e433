package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// traceLen is how many bytes of each link's hash a seal keeps. They locate a difference; only the
// seal's own hash proves anything.
const traceLen = 8

// head is the sealed end of a tenant's chain.
type head struct {
	number   int64     // number of the last seal; 0 if there is none
	seq      int64     // number of the last sealed entry, counted from 1
	sealedAt time.Time // time of the last seal; zero if that has no time
	hash     []byte
}

func emptyChain() head { return head{hash: make([]byte, sha256.Size)} }

// headOf returns the head of a chain that ends with seal s.
func headOf(s db.AuditSeal) head {
	h := head{number: s.Number, seq: s.LastSeq, hash: s.Hash}
	if s.SealedAt != nil {
		h.sealedAt = s.SealedAt.UTC()
	}
	return h
}

// equals reports whether two heads have the same number and hash.
func (h head) equals(other head) bool {
	return h.number == other.number && bytes.Equal(h.hash, other.hash)
}

// currentHead returns the current head of a tenant's chain.
func currentHead(ctx context.Context, q db.Querier, tenantID uuid.UUID) (head, error) {
	last, err := q.GetLastAuditSeal(ctx, db.GetLastAuditSealParams{TenantID: tenantID})
	if errors.Is(err, store.ErrNotFound) {
		return emptyChain(), nil
	}
	return headOf(last), err
}

// continues reports whether the chain that ends with end contains the earlier head.
func continues(ctx context.Context, q db.Querier, tenantID uuid.UUID, earlier, end head) (bool, error) {
	switch {
	case earlier.number == 0:
		return true, nil
	case end.number <= earlier.number:
		return end.equals(earlier), nil
	}
	s, err := q.GetAuditSeal(ctx, db.GetAuditSealParams{TenantID: tenantID, Number: earlier.number})
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && headOf(s).equals(earlier), err
}

// seal returns the seal that appends links to a chain, ordered by the ids of their entries. at is
// the time of sealing; if nil, the seal has no time.
func (k *key) seal(tenantID uuid.UUID, end head, links []db.AuditLink, at *time.Time) db.AuditSeal {
	sortLinks(links)
	hashes := k.chain(end, links)
	return db.AuditSeal{
		TenantID: tenantID, Number: end.number + 1, LastSeq: end.seq + int64(len(links)), KeyID: k.id,
		Trace: trace(hashes), Hash: k.sealHash(hashes, at), SealedAt: at,
	}
}

// sealHash returns the hash of a seal over the hashes of its links. For a seal without a time it is
// the hash of the last link.
func (k *key) sealHash(hashes [][]byte, at *time.Time) []byte {
	last := hashes[len(hashes)-1]
	if at == nil {
		return last
	}
	return k.sign(newMessage("audit seal").with("previous", last).number("sealed_at", at.UnixMicro()))
}

// writtenAt returns the time in an entry's id. It returns false if the id isn't a UUID of version
// 7, as in demo data.
func writtenAt(entryID uuid.UUID) (time.Time, bool) {
	if entryID.Version() != 7 {
		return time.Time{}, false
	}
	return time.Unix(entryID.Time().UnixTime()).UTC(), true
}

func sortLinks(links []db.AuditLink) {
	slices.SortFunc(links, func(a, b db.AuditLink) int { return bytes.Compare(a.EntryID[:], b.EntryID[:]) })
}

// chain returns the hash of each link, which covers the previous hash, the number in the sequence
// and the contents of the link.
func (k *key) chain(end head, links []db.AuditLink) [][]byte {
	hashes, previous := make([][]byte, len(links)), end.hash
	for i, l := range links {
		previous = k.sign(newMessage("audit link").
			with("previous", previous).number("seq", end.seq+1+int64(i)).
			id("tenant_id", l.TenantID).id("entry_id", l.EntryID).number("occurred_at", l.OccurredAt.UnixMicro()).
			text("key_id", l.KeyID).with("mac", l.MAC))
		hashes[i] = previous
	}
	return hashes
}

func trace(hashes [][]byte) []byte {
	var t []byte
	for _, h := range hashes {
		t = append(t, h[:traceLen]...)
	}
	return t
}

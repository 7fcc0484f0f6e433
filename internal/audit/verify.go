package audit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	verifySeals   = 500  // maximum number of seals that are read at once
	verifyEntries = 1000 // approximate number of entries that are read at once

	// overdueAfter is how long an entry may wait for its seal. While a server runs, entries wait a
	// few seconds.
	overdueAfter = 10 * time.Minute
	// lateAfter is how long after it was written an entry may be sealed. If no server runs for
	// longer, that is a finding.
	lateAfter = time.Hour
)

// Check is a verification of a tenant's trail in steps. It only reads. Concurrent writes don't
// affect the result.
//
// It verifies the chain from its beginning, then the entries that wait for a seal, and then looks
// for entries that are in neither. It stops at the first finding.
type Check struct {
	*Verifier

	tenantID uuid.UUID
	now      time.Time
	known    knownHead
	earlier  []*earlierEnd
	end      head // the end of the verified part
	result   Verification
	next     step
	late     *Place // the first entry that was sealed late
	overdue  *Place // the entry that has waited longest, if longer than overdueAfter
	oldest   time.Time
	// prunedBefore is the time before which entries may have been pruned.
	prunedBefore time.Time
}

// earlierEnd is a head that the chain must contain.
type earlierEnd struct {
	head

	isCheckpoint bool // given by the caller; otherwise remembered by this process
	confirmed    bool // found in the chain
}

// step does a part of the work, in about a tenth of a second, and returns the next step; nil after
// the last one.
type step func(context.Context) (step, error)

// Begin starts a verification. If earlier isn't empty, the trail must contain that checkpoint. A
// text that isn't a checkpoint of this tenant is errs.ValidationFailed.
func (v *Verifier) Begin(tenantID uuid.UUID, earlier string) (*Check, error) {
	c := &Check{Verifier: v, tenantID: tenantID, now: v.Now(), end: emptyChain(), result: Verification{Status: Intact}}
	if earlier != "" {
		checkpoint, err := v.keys.readCheckpoint(tenantID, earlier)
		if err != nil {
			return nil, err
		}
		c.earlier = append(c.earlier, &earlierEnd{head: checkpoint, isCheckpoint: true})
	}
	if c.known = v.heads.get(tenantID); c.known.ok {
		c.earlier = append(c.earlier, &earlierEnd{head: c.known.head})
	}
	c.confirm()
	c.next = c.seals
	return c, nil
}

// Step does the next part of the work and reports whether it was the last.
func (c *Check) Step(ctx context.Context) (bool, error) {
	next, err := c.next(ctx)
	if err != nil {
		return false, err
	}
	c.next = next
	return next == nil, nil
}

// Result returns the result after the last step.
func (c *Check) Result() Verification {
	r := c.result
	r.Seq, r.Hash = c.end.seq, c.end.hash
	if r.Status == Intact || r.Status == SealedLate {
		r.Checkpoint = c.keys.checkpoint(c.tenantID, c.end)
	}
	return r
}

// found ends the verification with a finding.
func (c *Check) found(s Status, p Place) (step, error) {
	c.result.Status, c.result.First = s, &p
	return nil, nil //nolint:nilnil // no next step, and no error
}

// confirm compares the earlier ends that have the current number of entries with the chain.
func (c *Check) confirm() {
	for _, e := range c.earlier {
		if e.seq == c.end.seq {
			e.confirmed = bytes.Equal(e.hash, c.end.hash)
		}
	}
}

// seals verifies the next seals with their entries.
func (c *Check) seals(ctx context.Context) (step, error) {
	after := c.end.number
	if after == 0 {
		after = math.MinInt64 // finds seals with a number below the first
	}
	page, err := c.store.ListAuditSeals(ctx, db.ListAuditSealsParams{TenantID: c.tenantID, AfterNumber: after, Limit: verifySeals})
	if err != nil {
		return nil, err
	}
	if len(page) == 0 {
		return c.strayLinks, nil
	}
	page, size := firstSeals(page)
	part := db.ListAuditLinksParams{
		// One more shows that there are too many.
		TenantID: c.tenantID, AfterSeal: c.end.number, LastSeal: page[len(page)-1].Number, Limit: size + 1,
	}
	links, err := c.store.ListAuditLinks(ctx, part)
	if err != nil {
		return nil, err
	}
	entries, err := c.entries(ctx, part, links)
	if err != nil {
		return nil, err
	}
	for _, s := range page {
		n := 0
		for n < len(links) && links[n].SealNumber == s.Number {
			n++
		}
		next, err := c.seal(ctx, s, links[:n], entries)
		if err != nil || next == nil {
			return nil, err
		}
		links = links[n:]
	}
	return c.seals, nil
}

// firstSeals returns the seals that are verified at once, and how many entries they have.
func firstSeals(page []db.AuditSeal) ([]db.AuditSeal, int32) {
	size := 0
	for i, s := range page {
		// A larger trace wasn't written by a Sealer.
		if size += min(len(s.Trace)/traceLen, 2*maxSealed); size >= verifyEntries {
			return page[:i+1], int32(size) //nolint:gosec // a few thousand
		}
	}
	return page, int32(size)
}

// entries returns the existing entries of links by id. An unreadable entry is returned empty, and
// so doesn't match its signature.
func (c *Check) entries(ctx context.Context, part db.ListAuditLinksParams, links []db.AuditLink) (map[uuid.UUID]db.AuditEntry, error) {
	entries := make(map[uuid.UUID]db.AuditEntry, len(links))
	list, err := c.store.ListLinkedAuditEntries(ctx, db.ListLinkedAuditEntriesParams(part))
	if errors.Is(err, store.ErrUnreadable) {
		for _, l := range links {
			if err := c.read(ctx, l, entries); err != nil {
				return nil, err
			}
		}
		return entries, nil
	}
	for _, e := range list {
		entries[e.ID] = e
	}
	return entries, err
}

// read adds the entry of a link to entries, if it exists.
func (c *Check) read(ctx context.Context, l db.AuditLink, entries map[uuid.UUID]db.AuditEntry) error {
	e, err := c.store.GetAuditEntry(ctx, db.GetAuditEntryParams{TenantID: c.tenantID, ID: l.EntryID})
	switch {
	case err == nil, errors.Is(err, store.ErrUnreadable):
		entries[l.EntryID] = e
		return nil
	case errors.Is(err, store.ErrNotFound):
		return nil
	}
	return err
}

// seal verifies a seal with its links and their entries, and moves the verified end behind it.
func (c *Check) seal(ctx context.Context, s db.AuditSeal, links []db.AuditLink, entries map[uuid.UUID]db.AuditEntry) (step, error) {
	if s.Number != c.end.number+1 {
		return c.gap(ctx, s)
	}
	beginning := Place{Seq: c.end.seq + 1}
	k, known := c.keys.byID[s.KeyID]
	if !known {
		c.result.KeyID = s.KeyID
		return c.found(UnknownKey, beginning)
	}
	size := s.LastSeq - c.end.seq
	if size < 1 || int64(len(s.Trace)) != size*traceLen {
		return c.found(Broken, beginning)
	}
	sortLinks(links)
	if s.SealedAt != nil && s.SealedAt.Before(c.end.sealedAt) {
		return c.found(Broken, beginning)
	}
	hashes := k.chain(c.end, links)
	complete := int64(len(links)) == size && hmac.Equal(k.sealHash(hashes, s.SealedAt), s.Hash)
	if complete && !bytes.Equal(trace(hashes), s.Trace) {
		return c.found(Broken, beginning)
	}
	for i := range size {
		place := Place{Seq: c.end.seq + 1 + i}
		if i >= int64(len(links)) {
			return c.found(Missing, place)
		}
		place.EntryID, place.OccurredAt = links[i].EntryID, links[i].OccurredAt
		if !bytes.Equal(hashes[i][:traceLen], s.Trace[i*traceLen:(i+1)*traceLen]) {
			return c.mismatch(size, links, place)
		}
		status, err := c.entry(ctx, links[i], entries)
		if err != nil {
			return nil, err
		}
		if status != Intact {
			return c.found(status, place)
		}
		c.checkSealTime(s, place)
	}
	if int64(len(links)) > size {
		return c.found(Inserted, Place{EntryID: links[size].EntryID, OccurredAt: links[size].OccurredAt})
	}
	if !complete {
		return c.found(Broken, beginning)
	}
	sealedAt := c.end.sealedAt
	if c.end = headOf(s); s.SealedAt == nil {
		c.end.sealedAt = sealedAt
	}
	c.confirm()
	return c.seals, nil
}

// checkSealTime counts an entry that was sealed more than an hour after it was written, unless it
// is covered by the caller's checkpoint.
func (c *Check) checkSealTime(s db.AuditSeal, place Place) {
	written, ok := writtenAt(place.EntryID)
	if !ok || s.SealedAt == nil || s.SealedAt.Sub(written) <= lateAfter {
		return
	}
	for _, e := range c.earlier {
		if e.isCheckpoint && place.Seq <= e.seq {
			return
		}
	}
	if c.result.Late++; c.late == nil {
		place.sealedAt = *s.SealedAt
		c.late = &place
	}
}

// mismatch returns the finding for a link that isn't the one that was sealed at its place.
func (c *Check) mismatch(size int64, links []db.AuditLink, at Place) (step, error) {
	switch n := int64(len(links)); {
	case n > size:
		return c.found(Inserted, at)
	case n < size:
		return c.found(Missing, Place{Seq: at.Seq}) // the existing link comes after it
	}
	return c.found(Altered, at)
}

// gap returns the finding for a seal whose number isn't the next one.
func (c *Check) gap(ctx context.Context, s db.AuditSeal) (step, error) {
	place := Place{Seq: c.end.seq + 1}
	if s.Number <= c.end.number {
		return c.found(Broken, place)
	}
	left, err := c.store.ListAuditLinks(ctx, db.ListAuditLinksParams{
		TenantID: c.tenantID, AfterSeal: c.end.number, LastSeal: s.Number - 1, Limit: 1,
	})
	if err != nil {
		return nil, err
	}
	if len(left) == 0 {
		return c.found(Missing, place)
	}
	place.EntryID, place.OccurredAt = left[0].EntryID, left[0].OccurredAt
	return c.found(Broken, place)
}

// strayLinks looks for links whose seal doesn't exist.
func (c *Check) strayLinks(ctx context.Context) (step, error) {
	for _, part := range []db.ListAuditLinksParams{
		{TenantID: c.tenantID, AfterSeal: c.end.number, LastSeal: math.MaxInt64, Limit: 1},
		{TenantID: c.tenantID, AfterSeal: math.MinInt64, LastSeal: -1, Limit: 1},
	} {
		links, err := c.store.ListAuditLinks(ctx, part)
		if err != nil {
			return nil, err
		}
		if len(links) == 0 {
			continue
		}
		// A seal is committed together with its links: a new seal is visible by now.
		fresh, err := c.store.ListAuditSeals(ctx, db.ListAuditSealsParams{TenantID: c.tenantID, AfterNumber: c.end.number, Limit: 1})
		if err != nil {
			return nil, err
		}
		if part.LastSeal > 0 && len(fresh) > 0 {
			return c.seals, nil
		}
		return c.found(Broken, Place{Seq: c.end.seq + 1, EntryID: links[0].EntryID, OccurredAt: links[0].OccurredAt})
	}
	return c.waiting(uuid.Nil), nil
}

// waiting verifies the entries that wait for a seal, starting from an id.
func (c *Check) waiting(from uuid.UUID) step {
	return func(ctx context.Context) (step, error) {
		part := db.ListAuditLinksParams{TenantID: c.tenantID, AfterSeal: -1, LastSeal: 0, FromEntryID: from, Limit: verifyEntries}
		links, err := c.store.ListAuditLinks(ctx, part)
		if err != nil {
			return nil, err
		}
		entries, err := c.entries(ctx, part, links)
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			if _, found := entries[l.EntryID]; !found {
				if err := c.read(ctx, l, entries); err != nil { // it may have been sealed meanwhile
					return nil, err
				}
			}
			status, err := c.entry(ctx, l, entries)
			if err != nil {
				return nil, err
			}
			if status != Intact {
				return c.found(status, Place{EntryID: l.EntryID, OccurredAt: l.OccurredAt})
			}
			c.result.Waiting++
			c.checkWaitTime(l)
		}
		if len(links) < verifyEntries {
			return c.unlinked(uuid.Nil), nil
		}
		if next, more := following(links[len(links)-1].EntryID); more {
			return c.waiting(next), nil
		}
		return c.unlinked(uuid.Nil), nil
	}
}

// checkWaitTime records the entry that has waited longest for its seal, if that is more than 10
// minutes.
func (c *Check) checkWaitTime(l db.AuditLink) {
	written, ok := writtenAt(l.EntryID)
	if !ok || c.now.Sub(written) <= overdueAfter || c.overdue != nil && !written.Before(c.oldest) {
		return
	}
	c.oldest = written
	c.overdue = &Place{EntryID: l.EntryID, OccurredAt: l.OccurredAt}
}

// unlinked looks for entries that are neither sealed nor waiting, starting from an id.
func (c *Check) unlinked(from uuid.UUID) step {
	return func(ctx context.Context) (step, error) {
		ahead, err := c.store.GetAuditEntryKeyAhead(ctx, db.GetAuditEntryKeyAheadParams{TenantID: c.tenantID, FromID: from})
		last := ahead.ID
		if errors.Is(err, store.ErrNotFound) {
			last, err = uuid.Max, nil
		}
		if err != nil {
			return nil, err
		}
		e, err := c.store.GetUnlinkedAuditEntry(ctx, db.GetUnlinkedAuditEntryParams{TenantID: c.tenantID, FromID: from, LastID: last})
		switch {
		case err == nil:
			return c.found(Inserted, Place{EntryID: e.ID, OccurredAt: e.OccurredAt})
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
		if next, more := following(last); more {
			return c.unlinked(next), nil
		}
		return c.ends, nil
	}
}

// ends is the last step. It checks the earlier ends and the times of sealing. These findings matter
// only if all entries are unaltered.
func (c *Check) ends(ctx context.Context) (step, error) {
	for _, e := range c.earlier {
		if e.confirmed {
			continue
		}
		if !e.isCheckpoint {
			released, err := c.heads.released(ctx, c.store, c.tenantID, e.head, c.end)
			if err != nil {
				return nil, err
			}
			if released {
				continue
			}
		}
		c.result.earlier = *e
		if c.end.seq < e.seq {
			return c.found(TailMissing, Place{Seq: c.end.seq + 1})
		}
		c.result.Status = Replaced
		return nil, nil //nolint:nilnil // no next step, and no error
	}
	if c.heads != nil {
		c.heads.advance(c.tenantID, c.known, c.end)
	}
	switch {
	case c.overdue != nil:
		return c.found(Overdue, *c.overdue)
	case c.late != nil:
		return c.found(SealedLate, *c.late)
	}
	return nil, nil //nolint:nilnil // as above
}

// entry compares an entry with its link.
func (c *Check) entry(ctx context.Context, l db.AuditLink, entries map[uuid.UUID]db.AuditEntry) (Status, error) {
	e, found := entries[l.EntryID]
	if !found {
		pruned, err := c.pruned(ctx, l)
		if err != nil || !pruned {
			return Missing, err
		}
		c.result.Pruned++
		return Intact, nil
	}
	if _, known := c.keys.byID[l.KeyID]; !known {
		c.result.KeyID = l.KeyID
		return UnknownKey, nil
	}
	if !c.keys.wrote(e, l) {
		return Altered, nil
	}
	c.result.Entries++
	return Intact, nil
}

// wrote reports whether e is the entry that was signed with link l.
func (k *Keys) wrote(e db.AuditEntry, l db.AuditLink) bool {
	signer, known := k.byID[l.KeyID]
	if !known {
		return false
	}
	mac, err := signer.signEntry(e)
	derived := e
	Derive(&derived)
	return err == nil && hmac.Equal(mac, l.MAC) && derived.OccurredOn == e.OccurredOn &&
		derived.ActionArea == e.ActionArea && derived.SearchText == e.SearchText
}

// pruned reports whether a missing entry was deleted by a Pruner. It reads the Prune entries only
// when an entry is missing, and again if the known ones don't cover it, because a Pruner may be
// running.
func (c *Check) pruned(ctx context.Context, l db.AuditLink) (bool, error) {
	if l.OccurredAt.Before(c.prunedBefore) {
		return true, nil
	}
	action := Prune
	page := db.ListAuditEntriesParams{TenantID: c.tenantID, AfterOccurredAt: latest, Action: &action, Limit: verifyEntries}
	for {
		list, err := c.store.ListAuditEntries(ctx, page)
		if errors.Is(err, store.ErrUnreadable) {
			return false, nil // an unreadable entry proves nothing
		}
		if err != nil {
			return false, err
		}
		for _, e := range list {
			if err := c.readPrune(ctx, e); err != nil {
				return false, err
			}
			page.AfterOccurredAt, page.AfterID = e.OccurredAt, e.ID
		}
		if len(list) < verifyEntries {
			return l.OccurredAt.Before(c.prunedBefore), nil
		}
	}
}

// readPrune reads the time of a Prune entry, unless its signature is invalid.
func (c *Check) readPrune(ctx context.Context, e db.AuditEntry) error {
	l, err := c.store.GetAuditLink(ctx, db.GetAuditLinkParams{TenantID: c.tenantID, EntryID: e.ID})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	var changes struct {
		Before struct {
			After time.Time `json:"after"`
		} `json:"before"`
	}
	if err := json.Unmarshal(e.Changes, &changes); err != nil || !c.keys.wrote(e, l) {
		return nil //nolint:nilerr // ignores a forged entry
	}
	if before := changes.Before.After; before.After(c.prunedBefore) {
		c.prunedBefore = before
	}
	return nil
}

// following returns the next id, or false after the last one.
func following(id uuid.UUID) (uuid.UUID, bool) {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]++; id[i] != 0 {
			return id, true
		}
	}
	return id, false
}

package audit

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Status is what the verification of a trail has found.
type Status string

// The statuses.
const (
	Intact      Status = "intact"
	Altered     Status = "altered"      // an entry is not as it was written
	Missing     Status = "missing"      // an entry is gone
	Inserted    Status = "inserted"     // an entry was not written by Tenantry
	Broken      Status = "broken"       // what seals the entries was altered or taken away
	UnknownKey  Status = "unknown_key"  // nobody can tell, for want of a key
	TailMissing Status = "tail_missing" // intact up to an end before that of the checkpoint, or before a remembered one
	Replaced    Status = "replaced"     // intact, but not the trail of the checkpoint, or not the remembered one
	Overdue     Status = "overdue"      // intact, but entries have waited for their seal for more than 10 minutes
	SealedLate  Status = "sealed_late"  // intact, but entries were sealed more than an hour after they were written
)

// Verification is what is known of a trail.
type Verification struct {
	Status     Status
	First      *Place // what is wrong first; nil if nothing is, or if nobody can tell
	Entries    int64  // that are as they were written
	Pruned     int64  // that are gone because a Pruner deleted them
	Waiting    int64  // of the entries, those that aren't sealed yet
	Late       int64  // of the entries, those that were sealed more than an hour after they were written
	Seq        int64  // of the last one that is sealed and verified
	Hash       []byte // of the chain up to there
	KeyID      string // of the key that isn't known
	Checkpoint string // of a trail whose entries are as they were written, and sealed

	earlier earlierEnd // that the trail has lost
}

// Place names an entry, as far as it is known.
type Place struct {
	Seq        int64 // its place in the chain; 0 if it is in none
	EntryID    uuid.UUID
	OccurredAt time.Time

	sealedAt time.Time // only if that was late
}

func (p Place) String() string {
	switch {
	case p.EntryID == uuid.Nil:
		return fmt.Sprintf("number %d", p.Seq)
	case p.Seq == 0:
		return fmt.Sprintf("%s (of %s)", p.EntryID, p.OccurredAt.Format(time.RFC3339Nano))
	}
	return fmt.Sprintf("number %d (%s, of %s)", p.Seq, p.EntryID, p.OccurredAt.Format(time.RFC3339Nano))
}

// Detail says it to a person.
func (v Verification) Detail() string {
	switch v.Status {
	case Intact:
		text := fmt.Sprintf("The trail is intact: %d entries are as they were written.", v.Entries)
		if v.Waiting > 0 {
			text += fmt.Sprintf(" %d of them wait for their seal.", v.Waiting)
		}
		if v.Pruned > 0 {
			text += fmt.Sprintf(" %d older ones were pruned.", v.Pruned)
		}
		return text
	case Altered:
		return fmt.Sprintf("Entry %s is not as it was written.", v.First)
	case Missing:
		return fmt.Sprintf("Entry %s is missing, and was not pruned.", v.First)
	case Inserted:
		return fmt.Sprintf("Entry %s was not written by Tenantry.", v.First)
	case Broken:
		return fmt.Sprintf("The seal of the entries from %s on was altered or taken away.", v.First)
	case UnknownKey:
		return fmt.Sprintf(
			"The entries from %s on can't be verified: they are signed with the key %.16q, which is neither AUDIT_KEY (or SECRET_KEY, if that isn't set) nor in AUDIT_KEY_PREVIOUS.",
			v.First, v.KeyID)
	case TailMissing:
		return fmt.Sprintf("What is there is intact, but it ends with number %d, and %s at number %d: the newest entries or their seals are missing.",
			v.Seq, v.earlier.source(), v.earlier.seq)
	case Replaced:
		return fmt.Sprintf("This is another trail: %s at number %d, and the entries up to there are not the same any more.", v.earlier.source(), v.earlier.seq)
	case Overdue:
		return fmt.Sprintf("What is there is intact, but %d entries wait for their seal, and %s has waited for more than 10 minutes. "+
			"Either no server runs, or it can't or refuses to seal, as its log says, or the seals were removed.", v.Waiting, v.First)
	case SealedLate:
		return fmt.Sprintf("The entries are as they were written, but %d were sealed more than an hour after that. The first is %s, sealed at %s. "+
			"That is all right if no server ran meanwhile. Else seals were removed and made anew, and entries before this one may be missing.",
			v.Late, v.First, v.First.sealedAt.Format(time.RFC3339))
	}
	return string(v.Status)
}

// source returns the words that say where an earlier end is known from.
func (e earlierEnd) source() string {
	if e.isCheckpoint {
		return "the checkpoint was made"
	}
	return "this server knows that it has ended"
}

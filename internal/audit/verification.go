package audit

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Status is the result of the verification of a trail.
type Status string

// The statuses.
const (
	Intact      Status = "intact"
	Altered     Status = "altered"      // an entry was changed
	Missing     Status = "missing"      // an entry was removed
	Inserted    Status = "inserted"     // an entry was not written by Tenantry
	Broken      Status = "broken"       // a seal was changed or removed
	UnknownKey  Status = "unknown_key"  // not verifiable without the key
	TailMissing Status = "tail_missing" // intact, but shorter than the checkpoint or the remembered head
	Replaced    Status = "replaced"     // intact, but it doesn't contain the checkpoint or the remembered head
	Overdue     Status = "overdue"      // intact, but entries have waited for their seal for more than 10 minutes
	SealedLate  Status = "sealed_late"  // intact, but entries were sealed more than an hour after they were written
)

// Verification is the result of verifying a trail.
type Verification struct {
	Status     Status
	First      *Place // the first finding; nil if the trail is intact
	Entries    int64  // unaltered entries
	Pruned     int64  // entries that a Pruner deleted
	Waiting    int64  // number of Entries that aren't sealed yet
	Late       int64  // number of Entries that were sealed more than an hour after they were written
	Seq        int64  // number of the last sealed and verified entry
	Hash       []byte // hash of the chain up to Seq
	KeyID      string // id of the unknown key
	Checkpoint string // checkpoint of the verified trail; empty unless all entries are unaltered and sealed

	earlier earlierEnd // a checkpoint or remembered head that the trail doesn't contain
}

// Place identifies an entry, as far as it is known.
type Place struct {
	Seq        int64 // number in the chain; 0 if it isn't in the chain
	EntryID    uuid.UUID
	OccurredAt time.Time

	sealedAt time.Time // set only if it was sealed late
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

// Detail describes the result in a sentence.
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

// source returns the part of a sentence that names the origin of an earlier end.
func (e earlierEnd) source() string {
	if e.isCheckpoint {
		return "the checkpoint was made"
	}
	return "this server knows that it has ended"
}

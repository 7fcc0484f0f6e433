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
	TailMissing Status = "tail_missing" // intact up to an end that comes before the checkpoint
	Replaced    Status = "replaced"     // intact, but another trail than that of the checkpoint
)

// Verification is what is known of a trail.
type Verification struct {
	Status     Status
	First      *Place // what is wrong first; nil if nothing is, or if nobody can tell
	Entries    int64  // that are as they were written
	Pruned     int64  // that are gone because a Pruner deleted them
	Waiting    int64  // of the entries, those that aren't sealed yet
	Seq        int64  // of the last one that is sealed and verified
	Hash       []byte // of the chain up to there
	KeyID      string // of the key that isn't known
	Checkpoint string // of an intact trail

	checkpointSeq int64
}

// Place names an entry, as far as it is known.
type Place struct {
	Seq        int64 // its place in the chain; 0 if it is in none
	EntryID    uuid.UUID
	OccurredAt time.Time
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
		return fmt.Sprintf("What is there is intact, but it ends with number %d, and the checkpoint was made at number %d: the newest entries are missing.",
			v.Seq, v.checkpointSeq)
	case Replaced:
		return fmt.Sprintf("This is not the trail that the checkpoint was made of: entries up to number %d were taken away, and others are in their place.",
			v.checkpointSeq)
	}
	return string(v.Status)
}

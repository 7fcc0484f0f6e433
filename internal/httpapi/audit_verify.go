package httpapi

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
)

const (
	// blankEvery is how long the client of a long verification hears nothing.
	blankEvery = 2 * time.Second
	// confirmEvery is how often a verification checks that its principal still may verify.
	confirmEvery = time.Second
)

// VerifyAuditTrail says whether the audit trail is as it was written.
func (h *Handlers) VerifyAuditTrail(ctx context.Context, r api.VerifyAuditTrailRequestObject) (api.VerifyAuditTrailResponseObject, error) {
	var earlier string
	if r.Params.Checkpoint != nil {
		earlier = *r.Params.Checkpoint
	}
	check, err := h.Trail.Begin(access.PrincipalFrom(ctx).TenantID, earlier)
	if err != nil {
		return nil, err
	}
	return auditVerification(func(w http.ResponseWriter) error {
		if err := keepAlive(ctx, w, blankEvery, check.Step); err != nil {
			return err
		}
		return json.NewEncoder(w).Encode(ToAPIAuditVerification(check.Result()))
	}), nil
}

// auditVerification writes a reply that takes its time.
type auditVerification func(http.ResponseWriter) error

// VisitVerifyAuditTrailResponse writes the reply.
func (write auditVerification) VisitVerifyAuditTrailResponse(w http.ResponseWriter) error {
	return write(w)
}

// keepAlive calls step until it is done, and sends a blank each time that every has passed. Each
// second, and at the end, it checks the principal's right with access.StillAllowed. An error before
// the first blank becomes a problem; after it the connection is cut.
func keepAlive(ctx context.Context, w http.ResponseWriter, every time.Duration, step func(context.Context) (bool, error)) error {
	w.Header().Set("Content-Type", "application/json")
	control := http.NewResponseController(w)
	for last, confirmed := time.Now(), time.Now(); ; {
		// In place of the server's limit for a whole reply.
		if err := control.SetWriteDeadline(time.Now().Add(2 * stepTimeout)); err != nil {
			return fmt.Errorf("extend the time to write: %w", err)
		}
		limited, cancel := context.WithTimeout(ctx, stepTimeout)
		done, err := step(limited)
		if err == nil && (done || time.Since(confirmed) >= confirmEvery) {
			confirmed, err = time.Now(), access.StillAllowed(limited)
		}
		cancel()
		if err != nil || done {
			return err
		}
		if time.Since(last) < every {
			continue
		}
		if _, err := w.Write([]byte(" ")); err != nil {
			return err
		}
		if err := control.Flush(); err != nil {
			return err
		}
		last = time.Now()
	}
}

// ToAPIAuditVerification is for the command line, too.
func ToAPIAuditVerification(v audit.Verification) api.AuditVerification {
	out := api.AuditVerification{
		Status: api.AuditStatus(v.Status), Detail: v.Detail(), Entries: v.Entries, Waiting: v.Waiting, Pruned: v.Pruned, Late: v.Late,
		Head: api.AuditHead{Seq: v.Seq, Hash: hex.EncodeToString(v.Hash)},
	}
	if v.Checkpoint != "" {
		out.Checkpoint = &v.Checkpoint
	}
	if v.First != nil {
		out.First = &api.AuditPlace{}
		if v.First.Seq != 0 {
			out.First.Seq = &v.First.Seq
		}
		if v.First.EntryID != uuid.Nil {
			at := toAPITime(v.First.OccurredAt)
			out.First.ID, out.First.Time = &v.First.EntryID, &at
		}
	}
	return out
}

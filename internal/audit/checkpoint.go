package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

// A checkpoint says where a tenant's chain ended once. Kept elsewhere, it shows later that the end is still there.
const (
	keyIDLen         = 4
	checkpointLen    = keyIDLen + 3*8 + sha256.Size // without the tenant, which isn't told, and the signature
	checkpointPrefix = "tnt1."
	// Checkpoints of earlier programs have neither the number of the seal nor its time.
	oldCheckpointLen = keyIDLen + 8 + sha256.Size
)

// checkpoint writes the end of a tenant's chain as text, with a signature: it fits no other tenant.
func (k *Keys) checkpoint(tenantID uuid.UUID, end head) string {
	raw, _ := hex.DecodeString(k.current.id) // it is ours
	var sealedAt int64
	if !end.sealedAt.IsZero() {
		sealedAt = end.sealedAt.UnixMicro()
	}
	for _, n := range []int64{end.number, end.seq, sealedAt} {
		raw = binary.BigEndian.AppendUint64(raw, uint64(n)) //nolint:gosec // never negative
	}
	raw = append(raw, end.hash...)
	raw = append(raw, k.current.signCheckpoint(tenantID, raw)...)
	return checkpointPrefix + base64.RawURLEncoding.EncodeToString(raw)
}

// readCheckpoint reads the text again. One that is altered, another tenant's, or signed with a key that isn't known any more is
// errs.ValidationFailed.
func (k *Keys) readCheckpoint(tenantID uuid.UUID, text string) (head, error) {
	wrong := errs.Invalid(errs.Field{
		Parameter: "checkpoint", Detail: "Use a checkpoint of this tenant's trail, made with one of the keys in use.", Code: "not_allowed",
	})
	encoded, found := strings.CutPrefix(text, checkpointPrefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	size := len(raw) - sha256.Size
	if !found || err != nil || size != checkpointLen && size != oldCheckpointLen || strings.ContainsAny(text, "\r\n") { // which the decoder passes over
		return head{}, wrong
	}
	signed, signature := raw[:size], raw[size:]
	signer, known := k.byID[hex.EncodeToString(signed[:keyIDLen])]
	if !known || !hmac.Equal(signer.signCheckpoint(tenantID, signed), signature) {
		return head{}, wrong
	}
	number := func(n int) int64 { return int64(binary.BigEndian.Uint64(signed[keyIDLen+8*n:])) } //nolint:gosec // we wrote it
	if size == oldCheckpointLen {
		return head{seq: number(0), hash: signed[keyIDLen+8:]}, nil
	}
	end := head{number: number(0), seq: number(1), hash: signed[checkpointLen-sha256.Size:]}
	if at := number(2); at != 0 {
		end.sealedAt = time.UnixMicro(at).UTC()
	}
	return end, nil
}

func (k *key) signCheckpoint(tenantID uuid.UUID, signed []byte) []byte {
	return k.sign(newMessage("audit checkpoint").id("tenant_id", tenantID).with("checkpoint", signed))
}

// Checkpoint returns a checkpoint of what is sealed of a tenant's trail. It doesn't look at the entries: verify them, too.
func (v *Verifier) Checkpoint(ctx context.Context, tenantID uuid.UUID) (string, error) {
	end, err := currentHead(ctx, v.store, tenantID)
	if err != nil {
		return "", err
	}
	return v.keys.checkpoint(tenantID, end), nil
}

// Verifier finds out whether trails are as they were written.
type Verifier struct {
	// Now is the clock that tells how long entries have waited for a seal.
	Now func() time.Time

	store *store.Store
	keys  *Keys
	heads *Heads // nil: none are known
}

// NewVerifier verifies what is in a store and was signed with one of the keys.
func NewVerifier(s *store.Store, keys *Keys) *Verifier {
	return &Verifier{Now: time.Now, store: s, keys: keys}
}

// UseHeads makes the verifier compare trails with these heads, too, and add the ends that it has verified.
func (v *Verifier) UseHeads(heads *Heads) { v.heads = heads }

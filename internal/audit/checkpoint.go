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

// A checkpoint is a signed head of a tenant's chain. Stored elsewhere, it shows later whether the
// chain still contains that head.
const (
	keyIDLen         = 4
	checkpointLen    = keyIDLen + 3*8 + sha256.Size // excluding the tenant, which isn't included, and the signature
	checkpointPrefix = "tnt1."
	// Checkpoints of earlier versions have neither the number of the seal nor its time.
	oldCheckpointLen = keyIDLen + 8 + sha256.Size
)

// checkpoint encodes a head of a tenant's chain as signed text. The signature covers the tenant, so
// it is valid for no other tenant.
func (k *Keys) checkpoint(tenantID uuid.UUID, end head) string {
	raw, _ := hex.DecodeString(k.current.id) // always valid hexadecimal
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

// readCheckpoint decodes the text of checkpoint. A text that was altered, belongs to another tenant
// or was signed with an unknown key is errs.ValidationFailed.
func (k *Keys) readCheckpoint(tenantID uuid.UUID, text string) (head, error) {
	wrong := errs.Invalid(errs.Field{
		Parameter: "checkpoint", Detail: "Use a checkpoint of this tenant's trail, made with one of the keys in use.", Code: "not_allowed",
	})
	encoded, found := strings.CutPrefix(text, checkpointPrefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	size := len(raw) - sha256.Size
	// The decoder ignores line breaks.
	if !found || err != nil || size != checkpointLen && size != oldCheckpointLen || strings.ContainsAny(text, "\r\n") {
		return head{}, wrong
	}
	signed, signature := raw[:size], raw[size:]
	signer, known := k.byID[hex.EncodeToString(signed[:keyIDLen])]
	if !known || !hmac.Equal(signer.signCheckpoint(tenantID, signed), signature) {
		return head{}, wrong
	}
	number := func(n int) int64 { return int64(binary.BigEndian.Uint64(signed[keyIDLen+8*n:])) } //nolint:gosec // the reverse of checkpoint
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

// Checkpoint returns a checkpoint of the sealed part of a tenant's trail. It doesn't verify the
// entries.
func (v *Verifier) Checkpoint(ctx context.Context, tenantID uuid.UUID) (string, error) {
	end, err := currentHead(ctx, v.store, tenantID)
	if err != nil {
		return "", err
	}
	return v.keys.checkpoint(tenantID, end), nil
}

// Verifier checks whether trails are unaltered.
type Verifier struct {
	// Now is the clock for measuring how long entries have waited for a seal.
	Now func() time.Time

	store *store.Store
	keys  *Keys
	heads *Heads // nil if no heads are remembered
}

// NewVerifier returns a verifier for a store. keys must include all keys that signed entries in it.
func NewVerifier(s *store.Store, keys *Keys) *Verifier {
	return &Verifier{Now: time.Now, store: s, keys: keys}
}

// UseHeads makes the verifier also compare trails with these heads, and add the heads that it has
// verified.
func (v *Verifier) UseHeads(heads *Heads) { v.heads = heads }

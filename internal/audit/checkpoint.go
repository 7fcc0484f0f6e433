package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

// checkpoint says where a tenant's chain ended once. Kept elsewhere, it shows later that the end is still there.
type checkpoint struct {
	seq  int64
	hash []byte
}

const (
	keyIDLen         = 4
	checkpointLen    = keyIDLen + 8 + sha256.Size // without the tenant, which isn't told, and the signature
	checkpointPrefix = "tnt1."
)

// checkpoint writes the end of a tenant's chain as text, with a signature: it fits no other tenant.
func (k *Keys) checkpoint(tenantID uuid.UUID, end head) string {
	raw, _ := hex.DecodeString(k.current.id)                  // it is ours
	raw = binary.BigEndian.AppendUint64(raw, uint64(end.seq)) //nolint:gosec // never negative
	raw = append(raw, end.hash...)
	raw = append(raw, k.current.signCheckpoint(tenantID, raw)...)
	return checkpointPrefix + base64.RawURLEncoding.EncodeToString(raw)
}

// readCheckpoint reads the text again. One that is altered, another tenant's, or signed with a key that isn't known any more is
// errs.ValidationFailed.
func (k *Keys) readCheckpoint(tenantID uuid.UUID, text string) (checkpoint, error) {
	wrong := errs.Invalid(errs.Field{
		Parameter: "checkpoint", Detail: "is not a checkpoint of this tenant's trail, made with one of the keys in use", Code: "not_allowed",
	})
	encoded, found := strings.CutPrefix(text, checkpointPrefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !found || err != nil || len(raw) != checkpointLen+sha256.Size || strings.ContainsAny(text, "\r\n") { // which the decoder passes over
		return checkpoint{}, wrong
	}
	signed, signature := raw[:checkpointLen], raw[checkpointLen:]
	signer, known := k.byID[hex.EncodeToString(signed[:keyIDLen])]
	if !known || !hmac.Equal(signer.signCheckpoint(tenantID, signed), signature) {
		return checkpoint{}, wrong
	}
	return checkpoint{seq: int64(binary.BigEndian.Uint64(signed[keyIDLen:])), hash: signed[keyIDLen+8:]}, nil //nolint:gosec // we wrote it
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
	store *store.Store
	keys  *Keys
}

// NewVerifier verifies what is in a store and was signed with one of the keys.
func NewVerifier(s *store.Store, keys *Keys) *Verifier { return &Verifier{store: s, keys: keys} }

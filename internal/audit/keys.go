package audit

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

const minSecretLen = 32

// Keys signs entries and their chain. The current key signs; earlier keys only verify.
type Keys struct {
	current *key
	byID    map[string]*key
}

// key is derived from a secret of the installation.
type key struct {
	id     string // doesn't reveal the secret
	secret []byte
}

// NewKeys returns the keys that are derived from the secrets. A secret of less than 32 bytes is an
// error.
func NewKeys(current []byte, previous ...[]byte) (*Keys, error) {
	keys := &Keys{byID: map[string]*key{}}
	for _, secret := range slices.Concat([][]byte{current}, previous) {
		k, err := newKey(secret)
		if err != nil {
			return nil, err
		}
		if keys.current == nil {
			keys.current = k
		}
		keys.byID[k.id] = k
	}
	return keys, nil
}

// Know reports whether one of the keys has this id.
func (k *Keys) Know(id string) bool { return k.byID[id] != nil }

func newKey(secret []byte) (*key, error) {
	if len(secret) < minSecretLen {
		return nil, fmt.Errorf("a key of the audit trail has %d bytes, at least %d are needed", len(secret), minSecretLen)
	}
	derived, err := hkdf.Key(sha256.New, secret, nil, "tenantry audit trail", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive audit key: %w", err)
	}
	id, err := hkdf.Key(sha256.New, secret, nil, "tenantry audit key id", 4)
	if err != nil {
		return nil, fmt.Errorf("derive id of audit key: %w", err)
	}
	return &key{id: hex.EncodeToString(id), secret: derived}, nil
}

// message is the input of a signature: pairs of a name and a value, each with its length, so that
// different contents never have the same encoding.
type message []byte

func newMessage(what string) message { return make(message, 0, 1024).with("", []byte(what)) }

func (m message) with(name string, value []byte) message {
	m = append(binary.BigEndian.AppendUint64(m, uint64(len(name))), name...)
	return append(binary.BigEndian.AppendUint64(m, uint64(len(value))), value...)
}

func (m message) text(name, value string) message { return m.with(name, []byte(value)) }

func (m message) id(name string, value uuid.UUID) message { return m.with(name, value[:]) }

func (m message) number(name string, value int64) message {
	return m.with(name, binary.BigEndian.AppendUint64(nil, uint64(value))) //nolint:gosec // the sign doesn't matter
}

// A null value adds nothing to a message. So a column that is added later, and is null in older
// entries, doesn't invalidate their signatures.

func (m message) optionalText(name string, value *string) message {
	if value == nil {
		return m
	}
	return m.text(name, *value)
}

func (m message) optionalID(name string, value *uuid.UUID) message {
	if value == nil {
		return m
	}
	return m.id(name, *value)
}

func (k *key) sign(m message) []byte {
	h := hmac.New(sha256.New, k.secret)
	h.Write(m)
	return h.Sum(nil)
}

// signEntry returns the signature of all columns except those that Derive computes, which may be
// computed again.
func (k *key) signEntry(e db.AuditEntry) ([]byte, error) {
	changes, err := canonical(e.Changes)
	if err != nil {
		return nil, err
	}
	var superuser int64
	if e.ActorIsSuperuser {
		superuser = 1
	}
	return k.sign(newMessage("audit entry").
		id("tenant_id", e.TenantID).id("id", e.ID).number("occurred_at", e.OccurredAt.UnixMicro()).
		optionalID("actor_id", e.ActorID).optionalText("actor_email", e.ActorEmail).optionalText("actor_role", e.ActorRole).
		number("actor_is_superuser", superuser).optionalID("session_id", e.SessionID).text("action", e.Action).
		optionalText("entity_type", e.EntityType).optionalID("entity_id", e.EntityID).optionalText("entity_label", e.EntityLabel).
		with("changes", changes).text("outcome", e.Outcome).optionalText("reason", e.Reason).
		text("ip", e.IP).text("user_agent", e.UserAgent).text("request_id", e.RequestID).text("method", e.Method).text("path", e.Path)), nil
}

// canonical returns the same bytes for equal JSON values. MySQL preserves only the values: not
// their order, white space or number format. A duplicate name is an error. Unlike in RFC 8785,
// integers keep all their digits.
func canonical(changes []byte) ([]byte, error) {
	value := jsontext.Value(slices.Clone(changes))
	if err := value.Canonicalize(jsontext.CanonicalizeRawInts(false)); err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	return value, nil
}

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

// Keys sign entries and the chain that they form. The current key signs; earlier ones verify what they have signed.
type Keys struct {
	current *key
	byID    map[string]*key
}

// key is made of a secret of the installation.
type key struct {
	id     string // says nothing about the secret
	secret []byte
}

// NewKeys makes a key of each secret. One of less than 32 bytes is refused.
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

// Know reports whether one of the keys has this id, so that what it signed can be verified.
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

// message is what a key signs: pairs of a name and a value, each after its length, so that no two messages are alike.
type message []byte

func newMessage(what string) message { return make(message, 0, 1024).with("", []byte(what)) }

func (m message) with(name string, value []byte) message {
	m = append(binary.BigEndian.AppendUint64(m, uint64(len(name))), name...)
	return append(binary.BigEndian.AppendUint64(m, uint64(len(value))), value...)
}

func (m message) text(name, value string) message { return m.with(name, []byte(value)) }

func (m message) id(name string, value uuid.UUID) message { return m.with(name, value[:]) }

func (m message) number(name string, value int64) message {
	return m.with(name, binary.BigEndian.AppendUint64(nil, uint64(value))) //nolint:gosec // all 64 bits count, not their sign
}

// Null has no pair at all: a column that is added later, and is null in the entries before, leaves their signatures valid.

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

// signEntry covers all columns but those that Derive makes, which follow from the others and may be made anew.
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

// canonical gives the same bytes for the same JSON. MySQL keeps the values alone: not their order, their blanks, or how a
// number is written. A name that comes twice is an error. Whole numbers keep all their digits, unlike in RFC 8785.
func canonical(changes []byte) ([]byte, error) {
	value := jsontext.Value(slices.Clone(changes))
	if err := value.Canonicalize(jsontext.CanonicalizeRawInts(false)); err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	return value, nil
}

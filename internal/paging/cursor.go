// Package paging implements keyset pagination with signed cursors.
package paging

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
)

// DefaultLimit is the number of items of a page if the client doesn't set one.
const DefaultLimit = 25

const macLen = 16

// Cursors encodes and decodes cursors. A cursor is valid only for the list that it comes from.
type Cursors struct{ keys [][]byte }

// NewCursors derives its key from the installation's secret key. Cursors made with a previous key
// stay valid.
func NewCursors(secretKey []byte, previous ...[]byte) (*Cursors, error) {
	var c Cursors
	for _, secret := range append([][]byte{secretKey}, previous...) {
		key, err := hkdf.Key(sha256.New, secret, nil, "tenantry list cursor", sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("derive cursor key: %w", err)
		}
		c.keys = append(c.keys, key)
	}
	return &c, nil
}

// List is what a cursor is bound to: everything that determines the rows of the list and their
// order.
type List struct {
	Name    string
	Sort    string
	Filters any // encoded as JSON; the tenant is one of them
}

// Encode returns the cursor of the page that starts after a place in a list.
func (c *Cursors) Encode(list List, after db.Place) (string, error) {
	payload, err := json.Marshal([]any{after.Key, after.ID})
	if err != nil {
		return "", fmt.Errorf("encode cursor: %w", err)
	}
	mac, err := mac(c.keys[0], list, payload)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(mac, payload...)), nil
}

// Decode returns the place of a cursor. It returns errs.InvalidCursor if the cursor is cut off,
// altered or from another list.
func (c *Cursors) Decode(list List, cursor string) (db.Place, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) < macLen || strings.ContainsAny(cursor, "\r\n") { // the decoder would ignore line breaks
		return db.Place{}, invalidCursor()
	}
	ours := false
	for _, key := range c.keys {
		mac, err := mac(key, list, raw[macLen:])
		if err != nil {
			return db.Place{}, err
		}
		ours = ours || hmac.Equal(mac, raw[:macLen])
	}
	if !ours {
		return db.Place{}, invalidCursor()
	}
	var after db.Place
	if err := json.Unmarshal(raw[macLen:], &[]any{&after.Key, &after.ID}); err != nil {
		return db.Place{}, fmt.Errorf("decode cursor: %w", err)
	}
	return after, nil
}

func mac(key []byte, list List, payload []byte) ([]byte, error) {
	bound, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("encode list: %w", err)
	}
	h := hmac.New(sha256.New, key)
	h.Write(bound)
	h.Write([]byte{0}) // JSON has no NUL, so the two parts can't run together
	h.Write(payload)
	return h.Sum(nil)[:macLen], nil
}

func invalidCursor() error {
	return errs.New(errs.InvalidCursor, "This is not a cursor of this list. Use next_cursor with the same filters and sort, or leave it out to start again.").
		With(errs.Field{Parameter: "cursor", Detail: "Use the next_cursor of this list, with the same filters and sort.", Code: "not_allowed"})
}

// Page is one page of a list.
type Page[Item any] struct {
	Items      []Item
	NextCursor string // empty on the last page
	Total      *int64 // of the whole list, if it was asked for
}

// Limit returns the number of items of a page: the wanted number or the default.
func Limit(wanted *int32) int32 {
	if wanted == nil {
		return DefaultLimit
	}
	return *wanted
}

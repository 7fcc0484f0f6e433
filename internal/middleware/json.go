package middleware

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tenantry/tenantry/internal/errs"
)

// maxDepth is the maximum nesting of arrays and objects in a body. Schemas in the document need far
// less.
const maxDepth = 32

// readJSON decodes a body strictly: one value (RFC 8259) in valid UTF-8, without duplicate names
// (RFC 7493), NUL characters or deep nesting. Invalid JSON is errs.MalformedJSON, forbidden content
// is errs.ValidationFailed; both have the location. Numbers are returned as json.Number.
func readJSON(body []byte) (any, error) {
	r := reader{dec: jsontext.NewDecoder(bytes.NewReader(body))}
	value, err := r.value()
	if err == nil {
		if _, trailing := r.dec.ReadToken(); !errors.Is(trailing, io.EOF) {
			err = refuse("", "trailing_data", "There is more data after the end of the JSON value.")
		}
	}
	if err == nil {
		return value, nil
	}
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return nil, e
	}
	return nil, r.syntaxError(err)
}

type reader struct{ dec *jsontext.Decoder }

func (r reader) value() (any, error) {
	token, err := r.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	if r.dec.StackDepth() > maxDepth {
		return nil, refuse(string(r.dec.StackPointer()), "too_deep", "This is nested too deeply.")
	}
	switch token.Kind() {
	case '{':
		return r.object()
	case '[':
		return r.array()
	case '"':
		return r.text(token)
	case '0':
		return json.Number(token.String()), nil
	case 't', 'f':
		return token.Bool(), nil
	default:
		return nil, nil //nolint:nilnil // JSON's null
	}
}

func (r reader) object() (any, error) {
	object := map[string]any{}
	for r.dec.PeekKind() != '}' {
		token, err := r.dec.ReadToken()
		if err != nil {
			return nil, err
		}
		name, err := r.text(token)
		if err != nil {
			return nil, err
		}
		if object[name], err = r.value(); err != nil {
			return nil, err
		}
	}
	_, err := r.dec.ReadToken()
	return object, err
}

func (r reader) array() (any, error) {
	array := []any{}
	for r.dec.PeekKind() != ']' {
		value, err := r.value()
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	_, err := r.dec.ReadToken()
	return array, err
}

func (r reader) text(token jsontext.Token) (string, error) {
	s := token.String()
	if strings.ContainsRune(s, 0) {
		return "", refuse(string(r.dec.StackPointer()), "not_allowed", "Use no NUL characters.")
	}
	return s, nil
}

// syntaxError returns an error with the location and a message of ours.
func (r reader) syntaxError(err error) error {
	place, offset := string(r.dec.StackPointer()), r.dec.InputOffset()
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		place, offset = string(syntax.JSONPointer), syntax.ByteOffset
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return refuse(place, "duplicate", "Give this field only once.")
	case strings.Contains(err.Error(), "invalid UTF-8"), strings.Contains(err.Error(), "invalid surrogate pair"):
		return refuse(place, "not_allowed", "Use valid Unicode.")
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return malformed(place, fmt.Sprintf("The body ends after %d bytes, before the JSON value does.", offset), err)
	default:
		return malformed(place, fmt.Sprintf("The body is not valid JSON at byte %d.", offset+1), err)
	}
}

func malformed(pointer, detail string, cause error) error {
	return errs.New(errs.MalformedJSON, detail).
		With(errs.Field{Pointer: pointer, Detail: detail, Code: "syntax"}).Because(cause)
}

func refuse(pointer, code, detail string) error {
	return errs.Invalid(errs.Field{Pointer: pointer, Detail: detail, Code: code})
}

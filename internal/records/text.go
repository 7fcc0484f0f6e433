package records

import (
	"strings"
	"time"

	"github.com/oapi-codegen/nullable"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/patch"
	"github.com/tenantry/tenantry/internal/search"
	"github.com/tenantry/tenantry/openapi"
)

// UpperCase returns the stored form of a code; nil for nil.
func UpperCase(code *string) *string {
	if code == nil {
		return nil
	}
	return new(strings.ToUpper(*code))
}

// SearchText returns the text in which searches look for a row, made of those texts that aren't
// nil. The program computes it, so that all engines search alike.
func SearchText(texts ...*string) string {
	var parts []string
	for _, p := range texts {
		if p != nil {
			parts = append(parts, *p)
		}
	}
	return search.Text(parts...)
}

// EmailText returns the text in which searches look for an e-mail address; nil for nil.
func EmailText(address *string) *string {
	if address == nil {
		return nil
	}
	return new(email.SearchText(*address))
}

// SearchPattern returns the LIKE pattern that matches search texts containing q; nil for nil.
func SearchPattern(q *string) *string {
	if q == nil {
		return nil
	}
	return new(search.Pattern(*q))
}

// Strings converts a change of an enumeration to a change of its column.
func Strings[Enum ~string](change nullable.Nullable[Enum]) nullable.Nullable[string] {
	return converted(change, func(v Enum) string { return string(v) })
}

// Times converts a change of a time to a change of its column.
func Times(change nullable.Nullable[openapi.Time]) nullable.Nullable[time.Time] {
	return converted(change, stored)
}

// Time converts a time of a request to the value of its column; nil for nil.
func Time(t *openapi.Time) *time.Time {
	if t == nil {
		return nil
	}
	return new(stored(*t))
}

// stored returns a time in the form that all engines can store.
func stored(t openapi.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func converted[From, To any](change nullable.Nullable[From], convert func(From) To) nullable.Nullable[To] {
	if value, err := change.Get(); err == nil {
		return nullable.NewNullableWithValue(convert(value))
	}
	if change.IsNull() {
		return nullable.NewNullNullable[To]()
	}
	return nil
}

// Address points at the columns of an address.
type Address struct{ Line1, Line2, City, State, PostalCode, Country **string }

// Apply copies the parts that are in a request into the columns. Null clears all columns.
func (a Address) Apply(change nullable.Nullable[api.AddressUpdate]) {
	if change.IsNull() {
		*a.Line1, *a.Line2, *a.City, *a.State, *a.PostalCode, *a.Country = nil, nil, nil, nil, nil, nil
	}
	if parts, err := change.Get(); err == nil {
		patch.Apply(a.Line1, parts.Line1)
		patch.Apply(a.Line2, parts.Line2)
		patch.Apply(a.City, parts.City)
		patch.Apply(a.State, parts.State)
		patch.Apply(a.PostalCode, parts.PostalCode)
		patch.Apply(a.Country, parts.Country)
	}
}

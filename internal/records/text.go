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

// SearchText is what a row is found by: those of its texts that it has. It is made here, so that
// all engines search alike.
func SearchText(texts ...*string) string {
	var parts []string
	for _, p := range texts {
		if p != nil {
			parts = append(parts, *p)
		}
	}
	return search.Text(parts...)
}

// EmailText is what an e-mail address is found by; nil for nil.
func EmailText(address *string) *string {
	if address == nil {
		return nil
	}
	return new(email.SearchText(*address))
}

// SearchPattern is what the search text of a row is LIKE when it contains q; nil for nil.
func SearchPattern(q *string) *string {
	if q == nil {
		return nil
	}
	return new(search.Pattern(*q))
}

// Strings returns a change of an enumeration as one of its column.
func Strings[Enum ~string](change nullable.Nullable[Enum]) nullable.Nullable[string] {
	return converted(change, func(v Enum) string { return string(v) })
}

// Times returns a change of a time as one of its column.
func Times(change nullable.Nullable[openapi.Time]) nullable.Nullable[time.Time] {
	return converted(change, stored)
}

// Time returns a time of a request as its column has it; nil for nil.
func Time(t *openapi.Time) *time.Time {
	if t == nil {
		return nil
	}
	return new(stored(*t))
}

// stored returns a time as all engines keep it.
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

// Apply puts the parts that are in a request into the columns. Null clears them all.
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

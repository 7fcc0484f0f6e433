package org

import (
	"strings"

	"github.com/oapi-codegen/nullable"

	"github.com/tenantry/tenantry/gen/api"
)

// set puts a field that is in the request into a column that can't be null.
func set[V any](column, change *V) {
	if change != nil {
		*column = *change
	}
}

// apply puts a field that is in the request into a column: a value changes it, null clears it, absence leaves it alone.
func apply[V any](column **V, change nullable.Nullable[V]) {
	if !change.IsSpecified() {
		return
	}
	*column = nil
	if value, err := change.Get(); err == nil {
		*column = &value
	}
}

// address points at the columns of an address.
type address struct{ line1, line2, city, state, postalCode, country **string }

func (a address) apply(change nullable.Nullable[api.AddressUpdate]) {
	if change.IsNull() {
		*a.line1, *a.line2, *a.city, *a.state, *a.postalCode, *a.country = nil, nil, nil, nil, nil, nil
	}
	if parts, err := change.Get(); err == nil {
		apply(a.line1, parts.Line1)
		apply(a.line2, parts.Line2)
		apply(a.city, parts.City)
		apply(a.state, parts.State)
		apply(a.postalCode, parts.PostalCode)
		apply(a.country, parts.Country)
	}
}

// upperCase returns nil for nil.
func upperCase(code *string) *string {
	if code == nil {
		return nil
	}
	return new(strings.ToUpper(*code))
}

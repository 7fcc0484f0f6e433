package org

import (
	"strings"

	"github.com/oapi-codegen/nullable"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/patch"
)

// address points at the columns of an address.
type address struct{ line1, line2, city, state, postalCode, country **string }

func (a address) apply(change nullable.Nullable[api.AddressUpdate]) {
	if change.IsNull() {
		*a.line1, *a.line2, *a.city, *a.state, *a.postalCode, *a.country = nil, nil, nil, nil, nil, nil
	}
	if parts, err := change.Get(); err == nil {
		patch.Apply(a.line1, parts.Line1)
		patch.Apply(a.line2, parts.Line2)
		patch.Apply(a.city, parts.City)
		patch.Apply(a.state, parts.State)
		patch.Apply(a.postalCode, parts.PostalCode)
		patch.Apply(a.country, parts.Country)
	}
}

// upperCase returns nil for nil.
func upperCase(code *string) *string {
	if code == nil {
		return nil
	}
	return new(strings.ToUpper(*code))
}

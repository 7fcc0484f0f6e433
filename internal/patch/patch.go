// Package patch applies the fields of a PUT request to a row. Absent fields stay unchanged, and
// null clears nullable ones.
package patch

import "github.com/oapi-codegen/nullable"

// Set sets a column that isn't nullable, if the field is in the request.
func Set[V any](column, change *V) {
	if change != nil {
		*column = *change
	}
}

// Apply sets a nullable column: a value sets it, null clears it, and an absent field leaves it
// unchanged.
func Apply[V any](column **V, change nullable.Nullable[V]) {
	if !change.IsSpecified() {
		return
	}
	*column = nil
	if value, err := change.Get(); err == nil {
		*column = &value
	}
}

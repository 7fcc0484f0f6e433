// Package patch puts what a PUT request has into a row: absent fields stay as they are, and null clears those that may be
// empty.
package patch

import "github.com/oapi-codegen/nullable"

// Set puts a field that is in the request into a column that can't be null.
func Set[V any](column, change *V) {
	if change != nil {
		*column = *change
	}
}

// Apply puts a field that is in the request into a column: a value changes it, null clears it, absence leaves it alone.
func Apply[V any](column **V, change nullable.Nullable[V]) {
	if !change.IsSpecified() {
		return
	}
	*column = nil
	if value, err := change.Get(); err == nil {
		*column = &value
	}
}

package org

import (
	"strings"

	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/search"
)

// The columns that are made from others are made here, so that all engines sort and search alike.

// foldCase makes texts equal that differ in upper and lower case alone. It is never longer than s, counted in characters.
func foldCase(s string) string { return strings.ToLower(s) }

// searchText is what a row is found by: its code, its name, and those of its other texts that it has.
func searchText(code, name string, others ...*string) string {
	parts := []string{code, name}
	for _, p := range others {
		if p != nil {
			parts = append(parts, *p)
		}
	}
	return search.Text(parts...)
}

// addressText is what an e-mail address is found by; nil for nil.
func addressText(address *string) *string {
	if address == nil {
		return nil
	}
	return new(email.SearchText(*address))
}

// searchPattern is what the search text of a row is LIKE when it contains q; nil if there is nothing to search for.
func searchPattern(q *string) *string {
	if q == nil {
		return nil
	}
	return new(search.Pattern(*q))
}

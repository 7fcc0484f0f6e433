// Package etag makes entity tags from versions, and reads conditional requests (RFC 9110, sections 8.8.3 and 13.1).
package etag

import (
	"strconv"
	"strings"
)

// Of returns the strong entity tag of a version.
func Of(version int64) string { return strconv.Quote(strconv.FormatInt(version, 10)) }

// Condition is the value of If-Match. The zero Condition allows every version.
type Condition struct {
	header string
	given  bool
}

// IfMatch reads an If-Match header; nil if the client sent none.
func IfMatch(header *string) Condition {
	if header == nil {
		return Condition{}
	}
	return Condition{header: *header, given: true}
}

// Allows reports whether the condition is fulfilled by a version. Weak tags never are, as If-Match compares strongly.
func (c Condition) Allows(version int64) bool {
	if !c.given {
		return true
	}
	return contains(c.header, Of(version))
}

// Unchanged reports whether an If-None-Match header names this version: then the client has it already. It compares weakly,
// because proxies that compress make strong tags weak.
func Unchanged(header *string, version int64) bool {
	return header != nil && contains(strings.ReplaceAll(*header, `W/"`, `"`), Of(version))
}

// contains reports whether a list of tags has this one, or is "*". Our own tags hold no comma, so a list can be cut there.
func contains(list, tag string) bool {
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part == tag || part == "*" {
			return true
		}
	}
	return false
}

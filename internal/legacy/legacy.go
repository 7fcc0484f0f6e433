// Package legacy maps the predecessor's paths to their successors, and counts their callers.
package legacy

import (
	"strings"
	"time"
)

// Deprecated is when the old paths were deprecated (RFC 9745), and Sunset when they may stop
// working (RFC 8594).
var (
	Deprecated = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	Sunset     = time.Date(2027, 12, 31, 23, 59, 59, 0, time.UTC)
)

const (
	root      = "/api/"
	successor = "/api/v1/"
)

// Successor returns the path that replaces one of the predecessor's paths, and false for other
// paths.
func Successor(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, root)
	if !ok || !strings.HasPrefix(rest, "auth/") && !strings.HasPrefix(rest, "org/") {
		return "", false
	}
	return successor + rest, true
}

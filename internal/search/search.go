// Package search prepares texts for searching with LIKE, in the same way for all engines: without
// regard to case and to composed or decomposed letters, and without wildcards.
package search

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/tenantry/tenantry/internal/email"
)

// wildcards replaces characters that are special in LIKE on any engine by their full-width forms,
// which aren't.
var wildcards = strings.NewReplacer("%", "\uff05", "_", "\uff3f", `\`, "\uff3c")

// Text returns the text in which is searched: the parts, each on its own line.
func Text(parts ...string) string { return fold(strings.Join(parts, "\n")) }

// Pattern returns the LIKE pattern for a Text that contains q, without surrounding blanks. An
// e-mail address is searched for in its canonical form. Punycode isn't decoded, because part of a
// name in Punycode would decode to another name.
func Pattern(q string) string {
	if trimmed := strings.TrimSpace(q); trimmed != "" {
		q = trimmed
	}
	if address, err := email.Canonical(q); err == nil && !strings.Contains(strings.ToLower(q), "xn--") {
		q = address
	}
	return "%" + fold(q) + "%"
}

func fold(s string) string { return wildcards.Replace(strings.ToLower(norm.NFC.String(s))) }

// Package search makes texts that can be searched with LIKE, alike on all engines: without regard to case and to composed or
// decomposed letters, and with no character that LIKE gives a meaning to.
package search

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/tenantry/tenantry/internal/email"
)

// wildcards are what LIKE gives a meaning to, on one engine or another. Their wide twins have none.
var wildcards = strings.NewReplacer("%", "\uff05", "_", "\uff3f", `\`, "\uff3c")

// Text is what is searched in: the parts, on a line each.
func Text(parts ...string) string { return fold(strings.Join(parts, "\n")) }

// Pattern is what a Text is LIKE when it contains q, without the blanks around it. An e-mail address is looked for in its canonical form.
// Punycode stays as it is: half a name in it would be another name.
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

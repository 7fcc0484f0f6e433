// Package email has what counts as an e-mail address, and as the same one.
package email

import (
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

const maxLen = 254 // characters; RFC 5321, and the document

// As the document's format, and with its pattern: no blanks.
var (
	format = regexp.MustCompile(openapi3.FormatOfStringForEmail)
	blank  = regexp.MustCompile(`[\s\v\p{Z}\x{feff}]`)
)

// Normalize returns an address as it is stored: in lower case, without blanks around it.
func Normalize(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// Valid reports whether an address is one that the API takes, too.
func Valid(address string) bool { return HasFormat(address) && len([]rune(address)) <= maxLen }

// HasFormat reports whether an address is one, of any length.
func HasFormat(address string) bool {
	return format.MatchString(address) && !blank.MatchString(address)
}

// Package passwords has the rules for new ones.
package passwords

import (
	"strings"

	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/errs"
)

const (
	minLen = 12
	// MaxLen is how many bytes bcrypt looks at; it would ignore the rest.
	MaxLen = 72
	// minPersonalLen is how long the name in an e-mail address has to be to make a password personal. Shorter ones, as
	// "it", are part of too many words.
	minPersonalLen = 4
)

// Check returns every rule that a new password of the user with an e-mail address breaks, as of a field of a request's body,
// none of them with the password in it. There are no rules about kinds of characters: they make passwords worse (NIST SP
// 800-63B, section 3.1.1.2).
func Check(pointer, password, address string) []errs.Field {
	var fields []errs.Field
	refuse := func(code, detail string) {
		fields = append(fields, errs.Field{Pointer: pointer, Detail: detail, Code: code})
	}
	if len(password) < minLen {
		refuse("too_short", "Use at least 12 characters. Several words make a good password.")
	}
	if len(password) > MaxLen {
		refuse("too_long", "Use a shorter password, of at most 72 letters; other characters may count for up to four.")
	}
	if isCommon(password) {
		refuse("common", "Use a password that fewer people use. This one is guessed first.")
	}
	if isPersonal(password, address) {
		refuse("personal", "Use a password without your e-mail address or the name in it.")
	}
	return fields
}

func isPersonal(password, address string) bool {
	password, address = strings.ToLower(password), email.Normalize(address)
	name := address[:max(0, strings.LastIndexByte(address, '@'))]
	return address != "" && strings.Contains(password, address) ||
		len(name) >= minPersonalLen && strings.Contains(password, name)
}

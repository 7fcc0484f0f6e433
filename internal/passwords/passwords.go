// Package passwords implements the rules for new passwords.
package passwords

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/text"
)

const (
	minCharacters = 12
	// MaxLen is the number of bytes that bcrypt uses. It ignores the rest.
	MaxLen = 72
	// minPersonalLen is the least length of the name in an e-mail address that a password must not
	// contain. Shorter names, such as "it", are part of too many words.
	minPersonalLen = 4
)

// Prepare returns the form of a password that is hashed and compared: in NFC, and with every kind
// of space replaced by the usual one (RFC 8265, section 4.2). Keyboards and systems encode the same
// letter in different ways.
func Prepare(password string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, password))
}

// Check returns every rule that a new password of a user breaks, as invalid fields of a request's
// body. They don't contain the password. There are no rules about kinds of characters, because they
// make passwords worse (NIST SP 800-63B, section 3.1.1.2).
func Check(pointer, password, address string) []errs.Field {
	password = Prepare(password)
	var fields []errs.Field
	refuse := func(code, detail string) {
		fields = append(fields, errs.Field{Pointer: pointer, Detail: detail, Code: code})
	}
	switch {
	case text.Characters(password) < minCharacters:
		refuse("too_short", "Use at least 12 characters.")
	case text.IsBlank(password):
		refuse("blank", "Use letters, digits or symbols, not only blanks.")
	}
	if len(password) > MaxLen {
		refuse("too_long", "Use at most 72 characters, or fewer if some are emoji or letters with accents.")
	}
	if strings.ContainsFunc(password, unicode.IsControl) {
		refuse("not_allowed", "Use no line breaks, tabs or other control characters.")
	}
	if isCommon(password) {
		refuse("common", "Use another password: many people have this one, so it is guessed first.")
	}
	if isPersonal(password, address) {
		refuse("personal", "Do not use your e-mail address or the name in it.")
	}
	return fields
}

func isPersonal(password, address string) bool {
	password, address = strings.ToLower(password), email.Normalize(address)
	name := address[:max(0, strings.LastIndexByte(address, '@'))]
	return address != "" && (strings.Contains(password, address) || strings.Contains(password, email.ASCII(address))) ||
		len(name) >= minPersonalLen && strings.Contains(password, name)
}

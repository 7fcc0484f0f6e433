package auth

import (
	"strings"

	"github.com/tenantry/tenantry/internal/errs"
)

const (
	minPasswordLen = 12
	// minPersonalLen is how long the name in an e-mail address has to be to make a password personal. Shorter ones, as
	// "it", are part of too many words.
	minPersonalLen = 4
)

// checkNewPassword returns every rule that a new password breaks, none of them with the password in it. There are no
// rules about kinds of characters: they make passwords worse (NIST SP 800-63B, section 3.1.1.2).
func checkNewPassword(pointer, password, email string) []errs.Field {
	var fields []errs.Field
	refuse := func(code, detail string) {
		fields = append(fields, errs.Field{Pointer: pointer, Detail: detail, Code: code})
	}
	if len(password) < minPasswordLen {
		refuse("too_short", "must have at least 12 bytes; several words are a good password")
	}
	if len(password) > maxPasswordLen {
		refuse("too_long", "must have at most 72 bytes in UTF-8")
	}
	if isCommonPassword(password) {
		refuse("common", "is one that many people use, and is guessed first")
	}
	if isPersonal(password, email) {
		refuse("personal", "must not contain your e-mail address or the name in it")
	}
	return fields
}

func isPersonal(password, email string) bool {
	password, email = strings.ToLower(password), NormalizeEmail(email)
	name := email[:max(0, strings.LastIndexByte(email, '@'))]
	return email != "" && strings.Contains(password, email) ||
		len(name) >= minPersonalLen && strings.Contains(password, name)
}

package passwords

import (
	_ "embed"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/tenantry/tenantry/internal/text"
)

// commonPasswords has one password per line: in lower case, of 12 to 72 bytes, sorted by bytes.
// common_passwords.md says where they are from.
//
//go:embed common_passwords.txt
var commonPasswords string

// isCommon reports whether a password is on the list, also if digits are appended to it. Upper
// case, full-width letters and the like, and invisible characters make no difference.
func isCommon(password string) bool {
	visible := strings.Map(func(r rune) rune {
		if text.Invisible(r) {
			return -1
		}
		return r
	}, password)
	password = strings.ToLower(norm.NFKC.String(visible))
	for !isListed(password) {
		shorter := password[:max(0, len(password)-1)]
		if len(shorter) < minCharacters || !strings.ContainsRune("0123456789", rune(password[len(shorter)])) {
			return false
		}
		password = shorter
	}
	return true
}

// isListed searches the embedded text directly, so that no memory is needed for an index.
func isListed(password string) bool {
	// The password is in list[low:high] or nowhere. Both are always at the start of a line.
	list, low, high := commonPasswords, 0, len(commonPasswords)
	for low < high {
		start := 1 + strings.LastIndexByte(list[:(low+high)/2], '\n')
		end := start + strings.IndexByte(list[start:], '\n')
		switch line := list[start:end]; {
		case line == password:
			return true
		case line < password:
			low = end + 1
		default:
			high = start
		}
	}
	return false
}

package passwords

import (
	_ "embed"
	"strings"
)

// commonPasswords has one password per line: in lower case, of 12 to 72 bytes, sorted by bytes. common_passwords.md says
// where they are from.
//
//go:embed common_passwords.txt
var commonPasswords string

// isCommon reports whether a password is on the list, in upper or lower case. It searches the text as it is, so that
// it takes no memory beside it.
func isCommon(password string) bool {
	password = strings.ToLower(password)
	// The password is in list[low:high] or nowhere; both are always the start of a line.
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

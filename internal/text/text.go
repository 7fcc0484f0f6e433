// Package text defines blank texts, invisible characters and valid names, for the API, the settings
// and the command line.
package text

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

const (
	brailleBlank       = '\u2800' // a symbol without a dot
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// Invisible reports whether a character shows nothing: control and format characters, line
// separators, and what Unicode calls default ignorable. It returns false for blanks.
func Invisible(r rune) bool {
	if r < unicode.MaxASCII {
		return unicode.IsControl(r)
	}
	if unicode.Is(unicode.Prepended_Concatenation_Mark, r) { // format characters with a shape
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// IsBlank reports whether a text is empty or has only blanks and invisible characters.
func IsBlank(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsSpace(r) && !Invisible(r) && r != brailleBlank })
}

// Characters counts what a person sees as characters (UAX 29): a letter with its accents is one,
// and so is an emoji of several parts. Blanks count, invisible characters don't.
func Characters(s string) int {
	n := 0
	for clusters := uniseg.NewGraphemes(s); clusters.Next(); {
		if strings.ContainsFunc(clusters.Str(), func(r rune) bool { return !Invisible(r) }) {
			n++
		}
	}
	return n
}

// Name returns a name as it is stored: in NFC, without surrounding blanks.
func Name(s string) string { return norm.NFC.String(strings.TrimSpace(s)) }

// IsName reports whether a text may be a name: one line without invisible characters, which could
// make two names look alike or reverse the text around them (RFC 8266, section 2.1). Joiners and
// variation selectors are allowed where scripts and emoji need them: after a symbol, a mark, or a
// letter that is not Latin, Greek or Cyrillic.
func IsName(s string) bool {
	runes := []rune(s)
	for i, r := range runes {
		if Invisible(r) && (i == 0 || !shapes(r, runes[i-1], i+1 < len(runes))) {
			return false
		}
	}
	return true
}

// shapes reports whether an invisible character changes the look of its neighbours.
func shapes(r, before rune, more bool) bool {
	complexLetter := unicode.IsLetter(before) && !unicode.In(before, unicode.Latin, unicode.Greek, unicode.Cyrillic)
	switch {
	case r == zeroWidthJoiner || r == zeroWidthNonJoiner:
		return more && (complexLetter || unicode.IsMark(before) || unicode.IsSymbol(before))
	case unicode.Is(unicode.Variation_Selector, r):
		return complexLetter || unicode.IsSymbol(before) || unicode.IsPunct(before) || unicode.IsDigit(before)
	default:
		return false
	}
}

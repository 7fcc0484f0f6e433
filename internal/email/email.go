// Package email validates e-mail addresses and defines their canonical form.
package email

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"github.com/tenantry/tenantry/internal/text"
)

const maxLen = 254 // characters; RFC 5321, and the document

// fault is an error that says what is wrong with a text that isn't an address, as a sentence for
// people.
type fault string

func (f fault) Error() string { return string(f) }

const (
	errNoAddress fault = "Use an e-mail address like name@example.com."
	errInvisible fault = "Use an e-mail address without invisible characters."
	errDomain    fault = "Use an e-mail address with a valid domain."
	errTooLong   fault = "Use at most 254 characters." // maxLen
)

// The same pattern as in the document: no blanks.
var (
	format = regexp.MustCompile(openapi3.FormatOfStringForEmail)
	blank  = regexp.MustCompile(`[\s\v\p{Z}\x{feff}]`)
)

// domains maps and checks internationalized domains as browsers do (UTS 46, non-transitional
// processing, as in the URL standard). An address is then the same whether a person types it or
// <input type=email> sends it in Punycode.
var domains = idna.New(
	idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true), idna.BidiRule(), idna.CheckJoiners(true), idna.VerifyDNSLength(true),
)

// Canonical returns the form of an address that is stored and compared: in lower case and NFC,
// letters of full or half width as usual ones (RFC 8265, section 3.3), and the domain in Unicode
// rather than Punycode. It returns an error if the text isn't an address.
func Canonical(address string) (string, error) {
	if strings.ContainsFunc(address, text.Invisible) {
		return "", errInvisible
	}
	if !format.MatchString(address) || blank.MatchString(address) || strings.ContainsAny(address, otherAts) {
		return "", errNoAddress
	}
	at := strings.LastIndexByte(address, '@')
	domain, err := canonicalDomain(address[at+1:])
	if err != nil {
		return "", err
	}
	canonical := canonicalLocal(address[:at]) + "@" + domain
	if utf8.RuneCountInString(canonical) > maxLen {
		return "", errTooLong
	}
	return canonical, nil
}

// otherAts are characters that look like @.
const otherAts = "\uff20\ufe6b"

func canonicalLocal(local string) string {
	local = norm.NFC.String(width.Fold.String(local))
	return norm.NFC.String(endWords(strings.Map(foldCase, strings.ReplaceAll(local, "\u0130", "i\u0307"))))
}

// foldCase maps all letters with the same capital letter, such as both sigmas, to one small letter.
// It keeps the dotless i apart from i, although they have the same capital letter.
func foldCase(r rune) rune {
	if r == '\u0131' {
		return r
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

// endWords replaces each sigma at the end of a word by the final sigma.
func endWords(s string) string {
	letters := []rune(s)
	for i, r := range letters {
		if r == '\u03c3' && i > 0 && isLetter(letters[i-1]) && (i+1 == len(letters) || !isLetter(letters[i+1])) {
			letters[i] = '\u03c2'
		}
	}
	return string(letters)
}

func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

func canonicalDomain(domain string) (string, error) {
	canonical := strings.ToLower(domain)
	if isInternational(canonical) {
		var err error
		if canonical, err = unicodeDomain(domain); err != nil {
			return "", err
		}
	}
	if strings.HasPrefix(canonical, ".") || strings.HasSuffix(canonical, ".") || strings.Contains(canonical, "..") {
		return "", errDomain
	}
	return canonical, nil
}

// isInternational reports whether a domain has a label in Unicode or Punycode.
func isInternational(domain string) bool {
	return strings.HasPrefix(domain, "xn--") || strings.Contains(domain, ".xn--") ||
		strings.ContainsFunc(domain, func(r rune) bool { return r > unicode.MaxASCII })
}

func unicodeDomain(domain string) (string, error) {
	domain = strings.ReplaceAll(domain, "\u1e9e", "\u00df") // as UTS 46 since Unicode 15.1
	ascii, err := domains.ToASCII(domain)
	if err != nil {
		return "", errDomain
	}
	canonical, err := domains.ToUnicode(ascii)
	if err != nil {
		return "", errDomain
	}
	if strings.ContainsFunc(canonical, text.Invisible) {
		return "", errInvisible
	}
	return canonical, nil
}

// Normalize returns the canonical form of an address, without surrounding blanks. A text that isn't
// an address is returned in lower case, because an earlier version may have accepted it.
func Normalize(address string) string {
	canonical, err := Canonical(strings.TrimSpace(address))
	if err != nil {
		return AsTyped(address)
	}
	return canonical
}

// AsTyped returns the form in which earlier versions stored an address: in lower case, without
// surrounding blanks.
func AsTyped(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// FormerForms returns other texts under which earlier versions may have stored an address: as
// people type it, and as programs send it. There are at most four, the most likely first.
func FormerForms(address string) []string {
	canonical := Normalize(address)
	var forms []string
	for _, form := range []string{strings.TrimSpace(address), AsTyped(address), ASCII(canonical), norm.NFD.String(canonical)} {
		if form != canonical && !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	return forms
}

// ASCII returns a canonical address with its domain in Punycode, as programs send it that don't
// support Unicode.
func ASCII(address string) string {
	at := strings.LastIndexByte(address, '@')
	domain, err := domains.ToASCII(address[at+1:])
	if at < 0 || err != nil {
		return address
	}
	return address[:at+1] + domain
}

// Valid reports whether the API accepts the address.
func Valid(address string) bool {
	return Fault(address) == "" && utf8.RuneCountInString(address) <= maxLen
}

// Fault returns what is wrong with an address, as a sentence. It returns "" if nothing is wrong, or
// only its length.
func Fault(address string) string {
	_, err := Canonical(address)
	if err == nil || errors.Is(err, errTooLong) && utf8.RuneCountInString(address) > maxLen {
		return ""
	}
	return err.Error()
}

// SearchText returns the forms of an address that a person may search for.
func SearchText(address string) string {
	canonical := Normalize(address)
	if ascii := ASCII(canonical); ascii != canonical {
		return canonical + "\n" + ascii
	}
	return canonical
}

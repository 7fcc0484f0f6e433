package document

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/openapi"
)

const decimalFormat = "decimal"

// DecimalPattern is the pattern of a string with the format decimal that has at most precision
// digits, of which scale are after the point.
func DecimalPattern(precision, scale int) string {
	return Digits{Before: precision - scale, After: scale, Signed: true}.pattern()
}

// Digits has the maximal numbers of digits before and after the point of a schema with the format
// decimal. Rows and replies have all digits after the point.
type Digits struct {
	Before, After int
	Signed        bool // negative numbers are allowed
}

func (d Digits) pattern() string { return d.patternWith(`(\.[0-9]{1,%d})?`) }

// ReplyPattern is the pattern of numbers in replies.
func (d Digits) ReplyPattern() string { return d.patternWith(`\.[0-9]{%d}`) }

func (d Digits) patternWith(fraction string) string {
	pattern := "^"
	if d.Signed {
		pattern += "-?"
	}
	pattern += fmt.Sprintf("(0|[1-9][0-9]{0,%d})", d.Before-1)
	if d.After > 0 {
		pattern += fmt.Sprintf(fraction, d.After)
	}
	return pattern + "$"
}

var digitsInPattern = regexp.MustCompile(`\{[01],(\d+)\}`)

// DigitsOf parses the pattern of a schema with the format decimal. It returns false for other
// schemas, and unless the pattern is one of DecimalPattern, with or without the sign, for at most
// 19 digits.
func DigitsOf(s *openapi3.Schema) (Digits, bool) {
	if s.Format != decimalFormat {
		return Digits{}, false
	}
	d := Digits{Signed: strings.HasPrefix(s.Pattern, "^-?")}
	for i, found := range digitsInPattern.FindAllStringSubmatch(s.Pattern, 2) {
		n, _ := strconv.Atoi(found[1])
		if i == 0 {
			d.Before = n + 1
		} else {
			d.After = n
		}
	}
	return d, s.Pattern == d.pattern() && d.Before+d.After <= openapi.MaxPrecision
}

// Pad returns a number with all its digits after the point, and zero without a sign. It doesn't
// change other texts, or numbers with too many digits after the point.
func (d Digits) Pad(text string) string {
	whole, fraction, _ := strings.Cut(text, ".")
	if !openapi.IsDecimal(text) || len(fraction) > d.After {
		return text
	}
	if !strings.ContainsAny(text, "123456789") {
		whole = "0"
	}
	if d.After == 0 {
		return whole
	}
	return whole + "." + fraction + strings.Repeat("0", d.After-len(fraction))
}

// Fault returns what is wrong with a number: a sentence for people, and the code of the broken
// rule. Both are empty if the number is valid.
func (d Digits) Fault(text string) (detail, code string) {
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	switch {
	case !openapi.IsDecimal(text):
		return "Use digits, like " + d.example() + ", without blanks, exponents and leading zeros.", "format"
	case !d.Signed && strings.HasPrefix(text, "-"):
		return "Use 0 or more.", "minimum"
	case len(whole) > d.Before:
		return "Use at most " + counted(d.Before) + " before the point.", "pattern"
	case len(fraction) > d.After && d.After == 0:
		return "Use a whole number.", "pattern"
	case len(fraction) > d.After:
		return "Use at most " + counted(d.After) + " after the point.", "pattern"
	default:
		return "", ""
	}
}

// example is a number with all its digits after the point.
func (d Digits) example() string { return d.Pad("1234567890"[:min(d.Before, 4)]) }

func counted(digits int) string {
	if digits == 1 {
		return "1 digit"
	}
	return strconv.Itoa(digits) + " digits"
}

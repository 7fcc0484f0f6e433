package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/govalues/decimal"
)

// MaxPrecision is the most digits that a Decimal has.
const MaxPrecision = decimal.MaxPrec

// Decimal is a decimal number of the document, which JSON has as a string. It is exact, and the
// same type in requests, replies and rows. It keeps the zeros at its end: numbers of the same field
// or column can be compared with ==, others with Cmp. The zero value is 0. Its methods that compute
// return an error if the result has too many digits before the point; after the point they may
// round.
type Decimal struct{ decimal.Decimal }

// decimalNumber is the one way to write a number: no exponent, plus sign, blank or leading zero.
var decimalNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// IsDecimal reports whether a text is a decimal number, of any number of digits.
func IsDecimal(text string) bool { return decimalNumber.MatchString(text) }

var errNoDecimal = errors.New("is not a decimal number like 1234.50 of at most 19 digits")

// ParseDecimal reads a number as IsDecimal describes it. One with more than 19 digits is an error:
// nothing is rounded.
func ParseDecimal(text string) (Decimal, error) {
	if !IsDecimal(text) {
		return Decimal{}, errNoDecimal
	}
	d, err := decimal.Parse(text)
	_, fraction, _ := strings.Cut(text, ".")
	if err != nil || d.Scale() != len(fraction) {
		return Decimal{}, errNoDecimal
	}
	return Decimal{d}, nil
}

// Bind reads a parameter, as ParseDecimal does.
func (d *Decimal) Bind(text string) error { return d.UnmarshalText([]byte(text)) }

// UnmarshalText implements encoding.TextUnmarshaler, as ParseDecimal does.
func (d *Decimal) UnmarshalText(text []byte) error {
	parsed, err := ParseDecimal(string(text))
	if err != nil {
		return fmt.Errorf("read decimal: %w", err)
	}
	*d = parsed
	return nil
}

// UnmarshalJSON implements json.Unmarshaler, as ParseDecimal does; JSON's numbers are refused. It
// leaves d alone if data is null.
func (d *Decimal) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("read decimal: %w", err)
	}
	if text == nil {
		return nil
	}
	return d.UnmarshalText([]byte(*text))
}

// Scan implements sql.Scanner. Floating-point numbers are refused.
func (d *Decimal) Scan(value any) error {
	switch value := value.(type) {
	case string:
		return d.UnmarshalText([]byte(value))
	case []byte:
		return d.UnmarshalText(value)
	default:
		return fmt.Errorf("read decimal: unexpected %T", value)
	}
}

package middleware

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/document"
)

const (
	// maxDigits is the number of digits of the largest int64.
	maxDigits = 19
	// The validator compares as float64, where 1.00000000000000000001 equals 1 and 1e400 is
	// invalid. anyFraction replaces numbers that aren't whole, and farAway those that no integer
	// type can hold.
	anyFraction, farAway = "0.5", "1e300"
)

// readNumbers returns value with its numbers normalised, at all depths. If the schema is an
// integer, a number becomes plain digits, because 100.0 and 1e2 are 100 in JSON, or a number that
// the validator refuses. Decimals, which are strings, are padded to their scale.
func readNumbers(schema *openapi3.Schema, value any) any {
	switch v := value.(type) {
	case json.Number:
		if isInteger(schema) {
			return toInteger(v)
		}
	case string:
		if digits, ok := digitsOf(schema); ok {
			return digits.Pad(v)
		}
	case map[string]any:
		for name, child := range v {
			if known := property(schema, name); known != nil {
				v[name] = readNumbers(known, child)
			}
		}
	case []any:
		for i, item := range v {
			if schema.Items != nil {
				v[i] = readNumbers(schema.Items.Value, item)
			}
		}
	}
	return value
}

// digitsOf is document.DigitsOf, also for the parts of an allOf.
func digitsOf(schema *openapi3.Schema) (document.Digits, bool) {
	digits, ok := document.DigitsOf(schema)
	for _, part := range schema.AllOf {
		if !ok {
			digits, ok = digitsOf(part.Value)
		}
	}
	return digits, ok
}

func isInteger(schema *openapi3.Schema) bool {
	return schema.Type.Is(openapi3.TypeInteger) ||
		slices.ContainsFunc(schema.AllOf, func(part *openapi3.SchemaRef) bool { return isInteger(part.Value) })
}

// toInteger returns a whole number as digits with an optional minus sign, if it fits an int64. The
// time is proportional to the length of the text, independent of the exponent.
func toInteger(number json.Number) json.Number {
	text := strings.ToLower(string(number))
	unsigned := strings.TrimPrefix(text, "-")
	sign := text[:len(text)-len(unsigned)]
	mantissa, exponent, _ := strings.Cut(unsigned, "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0"
	}
	significant := strings.TrimRight(digits, "0")
	// zeros is the number of zeros after the significant digits; a negative number means decimal
	// places.
	zeros, err := parseExponent(exponent)
	zeros += len(digits) - len(significant) - len(fraction)
	switch {
	case err != nil && strings.HasPrefix(exponent, "-"), err == nil && zeros < 0:
		return anyFraction
	case err != nil || len(significant)+zeros > maxDigits:
		return json.Number(sign + farAway)
	}
	integer := sign + significant + strings.Repeat("0", zeros)
	if _, err := strconv.ParseInt(integer, 10, 64); err != nil {
		return json.Number(sign + farAway) // as float64, 9223372036854775808 would equal the largest int64
	}
	return json.Number(integer)
}

// parseExponent returns 0 for an empty text, and an error for an exponent that doesn't fit an
// int32.
func parseExponent(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return int(n), err
}

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
	// anyFraction stands for a number that isn't whole, and farAway for one that no integer type can hold. The
	// validator compares as float64, where 1.00000000000000000001 is 1 and 1e400 can't be read.
	anyFraction, farAway = "0.5", "1e300"
)

// readNumbers returns value with its numbers rewritten, at all depths. Those whose schema is an integer become digits alone, because 100.0
// and 1e2 are 100 in JSON, or something that the validator refuses. Decimals, which are strings, get all digits after the point.
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

// digitsOf also looks into the parts of an allOf.
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

// toInteger returns a whole number as digits with an optional minus sign, if it is an int64. Its work is
// proportional to the length of the text, whatever the exponent is.
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
	// zeros is how many zeros follow the significant digits; fewer than none means decimal places.
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
		return json.Number(sign + farAway) // as float64, 9223372036854775808 would be the largest int64
	}
	return json.Number(integer)
}

// parseExponent returns 0 for no exponent, and an error for one that int32 can't hold.
func parseExponent(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return int(n), err
}

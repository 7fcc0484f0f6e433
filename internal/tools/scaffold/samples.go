package main

import (
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// sample is a value of a field in the notations that templates need.
type sample struct {
	JSON string // in YAML and JSON
	Go   string // a Go expression that is encoded as the same JSON
}

// samples returns two values of a field: one for examples and tests, and one to change it to.
func samples(f resource.Field) (first, second sample) {
	text := func(s string) sample { return sample{fmt.Sprintf("'%s'", s), fmt.Sprintf("%q", s)} }
	plain := func(s string) sample { return sample{s, s} }
	words := resource.Words(f.Name)
	switch f.Type.Kind {
	case resource.Code:
		return text("A-1"), text("B-2")
	case resource.Email:
		return text("first@example.com"), text("second@example.com")
	case resource.Phone:
		return text("+1 415 555 0100"), text("+1 415 555 0199")
	case resource.URL:
		return text("https://example.com/first"), text("https://example.com/second")
	case resource.Bool:
		return plain("true"), plain("false")
	case resource.Int:
		return plain("7"), plain("8")
	case resource.Float:
		return plain("1.5"), plain("2.5")
	case resource.Decimal:
		return text(digits(f.Type, "1234567890", "50")), text(digits(f.Type, "2345678901", "75"))
	case resource.Date:
		return text("2026-11-23"), text("2026-12-24")
	case resource.Time:
		return text("2026-11-23T08:00:00.000000Z"), text("2026-12-24T09:30:00.000000Z")
	case resource.Enum:
		return text(f.Enum[0]), text(f.Enum[len(f.Enum)-1])
	case resource.Address:
		return sample{"{city: Oslo}", `map[string]any{"city": "Oslo"}`}, sample{"{city: Bergen}", `map[string]any{"city": "Bergen"}`}
	default:
		return text(cut("First "+words, f.Type.Size)), text(cut("Second "+words, f.Type.Size))
	}
}

func cut(s string, size int) string {
	if size == 0 || len(s) <= size {
		return s
	}
	return s[:size]
}

// digits returns a number with as many digits as a decimal can have, but at most four before the
// point.
func digits(t resource.Type, before, after string) string {
	number := "0"
	if n := min(4, t.Size-t.Scale); n > 0 {
		number = before[:n]
	}
	if t.Scale == 0 {
		return number
	}
	return number + "." + (after + strings.Repeat("0", t.Scale))[:t.Scale]
}

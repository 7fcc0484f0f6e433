package middleware

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"testing"
)

// FuzzToInteger compares with exact arithmetic.
func FuzzToInteger(f *testing.F) {
	for _, seed := range []string{
		"0", "-0", "0.0", "-0e5", "0e999999999", "100", "100.0", "1e2", "1.0E+2", "1000e-1", "12.50e1", "12.50e0", "-1e0", "0.001e3", "0.0010e3", "1e18", "9223372036854775807",
		"9223372036854775808", "-9223372036854775808", "1e19", "1e400", "1e-400", "1.00000000000000000001", "0.5", "100.01", "12345678901234567890.0",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var number json.Number
		if json.Unmarshal([]byte(text), &number) != nil || string(number) != text || text == "" {
			return
		}
		if _, exponent, ok := strings.Cut(strings.ToLower(text), "e"); ok {
			if n, err := strconv.Atoi(exponent); err != nil || n > 1000 || n < -1000 {
				return // exact arithmetic would take too long
			}
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%q isn't a number", text)
		}
		got := string(toInteger(number))
		switch {
		case !exact.IsInt():
			if got != anyFraction {
				t.Errorf("%s became %s, but it isn't an integer", text, got)
			}
		case !exact.Num().IsInt64():
			if strings.TrimPrefix(got, "-") != farAway || strings.HasPrefix(got, "-") != (exact.Sign() < 0) {
				t.Errorf("%s became %s, but it is out of range", text, got)
			}
		case got != exact.Num().String():
			t.Errorf("%s became %s, want %s", text, got, exact.Num())
		}
	})
}

// A body of 1 MiB can have exponents whose numbers have more digits than fit into memory.
func TestHugeExponentsAreNotExpanded(t *testing.T) {
	t.Parallel()
	for text, want := range map[json.Number]json.Number{
		"1e999999999":           farAway,
		"-1E+99999999999999999": "-" + farAway,
		"1e-999999999":          anyFraction,
		"1e-99999999999999999":  anyFraction,
		"0e99999999999999999":   "0",
		"9223372036854775807":   "9223372036854775807",
		"9223372036854775808":   farAway,
		"-9223372036854775808":  "-9223372036854775808",
		"-9223372036854775809":  "-" + farAway,
	} {
		if got := toInteger(text); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
}

package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/openapi"
)

func decimal(t *testing.T, text string) openapi.Decimal {
	t.Helper()
	d, err := openapi.ParseDecimal(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDecimalsAreReadAndWrittenExactly(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"0", "0.00", "1234.50", "-1234.50", "0.1", "0.30", "9999999999999999999", "-99999999999999999.99", "0.9999999999999999999", "9007199254740993.001",
	} {
		d := decimal(t, text)
		encoded, err := json.Marshal(d)
		if err != nil || string(encoded) != `"`+text+`"` || d.String() != text {
			t.Errorf("%s is %s and %s (%v)", text, d, encoded, err)
		}
		value, err := d.Value()
		if err != nil || value != text {
			t.Errorf("a database gets %v for %s (%v)", value, text, err)
		}
		var decoded, scanned openapi.Decimal
		if err := json.Unmarshal(encoded, &decoded); err != nil || decoded != d {
			t.Errorf("%s is read as %s (%v)", encoded, decoded, err)
		}
		if err := scanned.Scan([]byte(text)); err != nil || scanned != d {
			t.Errorf("%s is read as %s from a database (%v)", encoded, scanned, err)
		}
	}
	if d := decimal(t, "-0.00"); d != decimal(t, "0.00") {
		t.Errorf("-0.00 is %s", d)
	}
}

func TestOtherTextsAreNoDecimals(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", ".", "-", ".5", "5.", "+1", "--1", "01", "-00", "00.1", " 1", "1 ", "1\n", "1e5", "1E-5", "0x1", "1_000", "1,5", "1.2.3", "NaN", "Infinity", "-inf", "one", "\u0661",
		"10000000000000000000", "12345678901234567.890", "0.00000000000000000000", strings.Repeat("9", 500),
	} {
		if d, err := openapi.ParseDecimal(text); err == nil {
			t.Errorf("%q is %s, want an error", text, d)
		}
	}
}

// A number of JSON may have gone through floating-point arithmetic, like one of a database that
// isn't a text.
func TestDecimalsAreTextsInJSONAndDatabases(t *testing.T) {
	t.Parallel()
	d := decimal(t, "1")
	for _, data := range []string{`1.5`, `true`, `"1e5"`, `{}`, `" 1"`} {
		if err := json.Unmarshal([]byte(data), &d); err == nil {
			t.Errorf("%s is %s, want an error", data, d)
		}
	}
	if err := json.Unmarshal([]byte(`null`), &d); err != nil || d != decimal(t, "1") {
		t.Errorf("null is %s (%v), want what there was", d, err)
	}
	for _, value := range []any{nil, 1.5, int64(1), "", "1e5"} {
		if err := d.Scan(value); err == nil {
			t.Errorf("%v is %s, want an error", value, d)
		}
	}
}

func TestDecimalsAreComparedAsNumbers(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"9.5", "10"}, {"-10", "-9.5"}, {"-0.01", "0"}, {"0.1", "0.11"}, {"99999999999999999.98", "99999999999999999.99"}} {
		if low, high := decimal(t, pair[0]), decimal(t, pair[1]); low.Cmp(high.Decimal) >= 0 {
			t.Errorf("%s isn't less than %s", low, high)
		}
	}
	if decimal(t, "1.5").Cmp(decimal(t, "1.50").Decimal) != 0 {
		t.Error("1.5 and 1.50 are the same number")
	}
}

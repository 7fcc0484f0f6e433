package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/oapi-codegen/runtime"

	"github.com/tenantry/tenantry/openapi"
)

func date(t *testing.T, text string) openapi.Date {
	t.Helper()
	d, err := openapi.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDatesAreReadAndWrittenAlike(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0001-01-01", "0999-12-31", "1582-10-10", "1900-02-28", "1970-01-01", "2000-02-29", "2024-02-29", "2026-11-23", "9999-12-31"} {
		d := date(t, text)
		encoded, err := json.Marshal(d)
		if err != nil || string(encoded) != `"`+text+`"` || d.String() != text {
			t.Errorf("%s is %s and %s (%v)", text, d, encoded, err)
		}
		var decoded openapi.Date
		if err := json.Unmarshal(encoded, &decoded); err != nil || decoded != d {
			t.Errorf("%s is read as %s (%v)", encoded, decoded, err)
		}
	}
	if zero := (openapi.Date{}); zero != date(t, "0001-01-01") || openapi.MaxDate != date(t, "9999-12-31") {
		t.Errorf("the first date is %s and the last %s", zero, openapi.MaxDate)
	}
}

func TestOtherTextsAreNoDates(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "0000-01-01", "0000-12-31", "10000-01-01", "-001-01-01", "2026-02-30", "2023-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00",
		"2026-1-1", "26-01-01", "20260101", "2026/01/01", "01-01-2026", "2026-01-01T00:00:00Z", "2026-01-01Z", " 2026-01-01", "2026-01-01\n", "today",
		"\u0662\u0660\u0662\u0666-11-23",
	} {
		if d, err := openapi.ParseDate(text); err == nil {
			t.Errorf("%q is %s, want an error", text, d)
		}
	}
	var d openapi.Date
	for _, data := range []string{`20260101`, `true`, `"2026-02-30"`, `{}`} {
		if err := json.Unmarshal([]byte(data), &d); err == nil {
			t.Errorf("%s is %s, want an error", data, d)
		}
	}
}

func TestDatesAreOrdered(t *testing.T) {
	t.Parallel()
	earlier, later := date(t, "0999-12-31"), date(t, "1000-01-01")
	if earlier.Compare(later) >= 0 || later.Compare(earlier) <= 0 || later.Compare(date(t, "1000-01-01")) != 0 {
		t.Error("0999-12-31 is before 1000-01-01")
	}
}

// Drivers return the beginning of a date in one time zone or another.
func TestDateIsTheOneThatATimeShows(t *testing.T) {
	t.Parallel()
	want := date(t, "2026-11-23")
	for _, zone := range []int{-12, 0, 14} {
		for _, hour := range []int{0, 23} {
			at := time.Date(2026, 11, 23, hour, 59, 0, 0, time.FixedZone("", zone*3600))
			var scanned openapi.Date
			if err := scanned.Scan(at); err != nil || scanned != want || openapi.DateOf(at) != want {
				t.Errorf("%s is %s and %s (%v), want %s", at, scanned, openapi.DateOf(at), err, want)
			}
		}
	}
	if got := want.Time(); got != time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC) {
		t.Errorf("it begins at %s", got)
	}
}

func TestOtherValuesOfADatabaseAreNoDates(t *testing.T) {
	t.Parallel()
	for _, value := range []any{nil, int64(1), 1.5, "", "infinity", []byte("0000-00-00"), time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		d := openapi.MaxDate
		if err := d.Scan(value); err == nil || d != openapi.MaxDate {
			t.Errorf("%v is %s (%v), want an error", value, d, err)
		}
	}
}

// As the generated client and server do.
func TestDatesAndDecimalsAreParameters(t *testing.T) {
	t.Parallel()
	var day openapi.Date
	var number openapi.Decimal
	for _, value := range []struct{ from, into any }{{date(t, "2024-02-29"), &day}, {decimal(t, "-1234.50"), &number}} {
		query, err := runtime.StyleParamWithOptions("form", true, "x", value.from, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string"})
		if err != nil {
			t.Fatal(err)
		}
		if err := runtime.BindStringToObject(strings.TrimPrefix(query, "x="), value.into); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	if day != date(t, "2024-02-29") || number != decimal(t, "-1234.50") {
		t.Errorf("%s and %s came back", day, number)
	}
}

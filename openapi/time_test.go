package openapi_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/tenantry/tenantry/openapi"
)

func TestTimeIsWrittenInUTCWithSixDigits(t *testing.T) {
	t.Parallel()
	oslo := time.FixedZone("CET", 3600)
	for want, given := range map[string]time.Time{
		`"2026-11-23T09:30:00.000000Z"`: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC),
		`"2026-11-23T09:30:00.500000Z"`: time.Date(2026, 11, 23, 9, 30, 0, 5e8, time.UTC),
		`"2026-11-23T09:30:00.000001Z"`: time.Date(2026, 11, 23, 9, 30, 0, 1999, time.UTC),
		`"2026-11-23T23:30:00.123456Z"`: time.Date(2026, 11, 24, 0, 30, 0, 123456000, oslo),
		`"0001-01-01T00:00:00.000000Z"`: {},
	} {
		if got, err := json.Marshal(openapi.Time{Time: given}); err != nil || string(got) != want {
			t.Errorf("%s (%v), want %s", got, err, want)
		}
	}
}

func TestTimeIsReadFromAnyZoneIntoUTC(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 11, 23, 9, 30, 0, 5e8, time.UTC)
	for _, given := range []string{`"2026-11-23T09:30:00.5Z"`, `"2026-11-23T09:30:00.500000Z"`, `"2026-11-23T10:30:00.5+01:00"`, `"2026-11-22T23:30:00.5-10:00"`} {
		var got openapi.Time
		if err := json.Unmarshal([]byte(given), &got); err != nil || got.Time != want {
			t.Errorf("%s is %v (%v), want %v", given, got.Time, err, want)
		}
	}
	for _, given := range []string{`""`, `"2026-11-23"`, `"2026-11-23T09:30:00"`, `"2026-11-23 09:30:00Z"`, `"2026-13-01T00:00:00Z"`, `1`} {
		var got openapi.Time
		if err := json.Unmarshal([]byte(given), &got); err == nil {
			t.Errorf("%s is %v, want an error", given, got.Time)
		}
	}
}

func TestTimesAreThoseOfRFC3339(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"2026-11-23t09:30:00z":                    "2026-11-23T09:30:00Z",
		"2026-11-23t09:30:00+00:00":               "2026-11-23T09:30:00Z",
		"2026-11-23T09:30:00-00:00":               "2026-11-23T09:30:00Z",
		"2026-11-23T09:30:00+23:59":               "2026-11-22T09:31:00Z",
		"2026-11-23T09:30:00.123456789012345678Z": "2026-11-23T09:30:00.123456789Z",
		"2016-12-31T23:59:60Z":                    "2017-01-01T00:00:00Z",
		"1990-12-31T15:59:60-08:00":               "1991-01-01T00:00:00Z",
		"2016-12-31T23:59:60.25z":                 "2017-01-01T00:00:00.25Z",
		"2017-01-01T00:59:60+01:00":               "2017-01-01T00:00:00Z",
		"2024-02-29T23:59:60Z":                    "2024-03-01T00:00:00Z",
		"0000-01-01T00:00:00Z":                    "0000-01-01T00:00:00Z",
	} {
		if got, err := openapi.ParseTime(given); err != nil || got.Location() != time.UTC || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%s is %v (%v), want %s", given, got, err, want)
		}
	}
	for _, given := range []string{
		"2026-11-23T09:30:00,5Z", "2026-11-23T09:30:00.Z", "2026-11-23T09:30:00+24:00", "2026-11-23T09:30:00+01:60", "2026-11-23T09:30:00+0100",
		"2026-11-23T09:30:00+1:00", "2026-11-23T9:30:00Z", "2026-11-23T24:00:00Z", "2026-11-23T09:60:00Z", "2026-11-23T09:30:61Z", "2026-11-23T09:30Z",
		"2026-11-23T09:30:60Z", "2026-11-23T23:59:60Z", "2026-11-30T23:59:60+01:00", "2026-11-30T23:58:60Z", "2026-02-29T00:00:00Z", "2023-02-29T23:59:60Z",
		"+2026-11-23T09:30:00Z", "2026-11-23T09:30:00Z\n", "\u0662\u0660\u0662\u0666-11-23T09:30:00Z",
	} {
		if got, err := openapi.ParseTime(given); err == nil {
			t.Errorf("%q is %v, want an error", given, got)
		}
	}
}

func TestTimeOfMicrosecondsSurvivesTheRoundTrip(t *testing.T) {
	t.Parallel()
	want := openapi.Time{Time: time.Date(2026, 11, 23, 9, 30, 0, 123456000, time.UTC)}
	encoded, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got openapi.Time
	if err := json.Unmarshal(encoded, &got); err != nil || got != want {
		t.Errorf("%v (%v), want %v", got, err, want)
	}
}

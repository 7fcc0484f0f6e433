package document_test

import (
	"errors"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/document"
)

func TestSchemaOptionsCheckWhatTheDocumentSays(t *testing.T) {
	t.Parallel()
	text := openapi3.NewStringSchema
	for _, test := range []struct {
		name   string
		schema *openapi3.Schema
		value  string
		valid  bool
	}{
		{"UUID of version 7", text().WithFormat("uuid"), "019371a0-5c00-7b11-8c00-0a1b2c3d4e5f", true},
		{"UUID without hyphens", text().WithFormat("uuid"), "019371a05c007b118c000a1b2c3d4e5f", false},
		{"UUID of an unknown variant", text().WithFormat("uuid"), "019371a0-5c00-7b11-0c00-0a1b2c3d4e5f", true},
		{"UUID of an unknown version, in upper case", text().WithFormat("uuid"), "019371A0-5C00-FB11-CC00-0A1B2C3D4E5F", true},
		{"the nil UUID", text().WithFormat("uuid"), "00000000-0000-0000-0000-000000000000", true},
		{"UUID with a hyphen in another place", text().WithFormat("uuid"), "019371a05-c00-7b11-8c00-0a1b2c3d4e5f", false},
		{"UUID with another letter", text().WithFormat("uuid"), "019371a0-5c00-7b11-8c00-0a1b2c3d4e5g", false},
		{"e-mail address", text().WithFormat("email"), "a@example.com", true},
		{"e-mail address without a host", text().WithFormat("email"), "a@", false},
		{"e-mail address with a blank", text().WithFormat("email"), "a b@example.com", false},
		{"e-mail address with a line end", text().WithFormat("email"), "a@example.com\n", false},
		{"time", text().WithFormat("date-time"), "2026-11-23T09:30:00Z", true},
		{"time in lower case", text().WithFormat("date-time"), "2026-11-23t09:30:00z", true},
		{"leap second", text().WithFormat("date-time"), "2016-12-31T23:59:60Z", true},
		{"leap second on an impossible day", text().WithFormat("date-time"), "2016-12-30T23:59:60Z", false},
		{"time with a comma", text().WithFormat("date-time"), "2026-11-23T09:30:00,5Z", false},
		{"time without a zone", text().WithFormat("date-time"), "2026-11-23T09:30:00", false},
		{"date", text().WithFormat("date"), "2024-02-29", true},
		{"date that doesn't exist", text().WithFormat("date"), "2026-02-30", false},
		{"date of the year 0", text().WithFormat("date"), "0000-01-01", false},
		{"date with a time", text().WithFormat("date"), "2026-11-23T00:00:00Z", false},
		{"decimal", text().WithFormat("decimal").WithPattern(document.DecimalPattern(14, 2)), "1234.50", true},
		{"decimal with an exponent", text().WithFormat("decimal").WithPattern(document.DecimalPattern(14, 2)), "1e5", false},
		{"decimal with too many digits", text().WithFormat("decimal").WithPattern(document.DecimalPattern(14, 2)), "1.234", false},
		{"text that isn't blank", text().WithPattern(`\S`), " a\n", true},
		{"letter like a blank", text().WithPattern(`\S`), "\u3164", false},
		{"invisible characters", text().WithPattern(`\S`), "\u200b\u2060\u202c\u00ad", false},
		{"nothing", text().WithPattern(`\S`), "", false},
		{"ASCII blanks", text().WithPattern(`\S`), " \t\n\v\f\r", false},
		{"no-break, em and ideographic spaces", text().WithPattern(`\S`), "\u00a0\u2003\u3000", false},
		{"line and paragraph separators", text().WithPattern(`\S`), "\u2028\u2029", false},
		{"byte order mark", text().WithPattern(`\S`), "\ufeff", false},
		{"anchored pattern, all of it", text().WithPattern(`^[A-Z]{1,3}$`), "ABC", true},
		{"anchored pattern, with a line end", text().WithPattern(`^[A-Z]{1,3}$`), "ABC\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if err := test.schema.VisitJSON(test.value, document.SchemaOptions()...); (err == nil) != test.valid {
				t.Errorf("%q: %v, want valid %t", test.value, err, test.valid)
			}
		})
	}
}

func TestSchemaOptionsFindEveryFault(t *testing.T) {
	t.Parallel()
	schema := openapi3.NewObjectSchema().WithProperty("a", openapi3.NewStringSchema()).WithProperty("b", openapi3.NewBoolSchema())
	err := schema.VisitJSON(map[string]any{"a": true, "b": "x"}, document.SchemaOptions()...)
	if faults, ok := errors.AsType[openapi3.MultiError](err); !ok || len(faults) != 2 {
		t.Errorf("%v, want both faults", err)
	}
}

func TestLoadReturnsANewDocument(t *testing.T) {
	t.Parallel()
	first, err := document.Load()
	if err != nil {
		t.Fatal(err)
	}
	first.Info.Title = "changed"
	second, err := document.Load()
	if err != nil || second.Info.Title == "changed" {
		t.Errorf("title %q, %v; want the one of the document", second.Info.Title, err)
	}
}

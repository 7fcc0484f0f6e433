package document_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/document"
)

func TestCheckFormatsNamesOperationAndPlace(t *testing.T) {
	t.Parallel()
	const paths = `
openapi: 3.0.3
info: {title: Test, version: '1'}
components:
  schemas:
    Tree:
      type: object
      properties:
        planted_on: {type: string, format: day}
        children: {type: array, items: {$ref: '#/components/schemas/Tree'}}
paths:
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, format: id}}]
    put:
      operationId: putThing
      parameters:
        - {name: from, in: query, schema: {type: string, format: date}}
        - {name: since, in: query, schema: {type: string, format: datetime}}
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                name: {type: string}
                code: {type: string, format: uuid}
                box: {type: object, properties: {height: {type: number, format: float}}}
                tags: {type: array, items: {type: string, format: hostname}}
                notes: {type: object, additionalProperties: {type: string, format: uri}}
                age: {allOf: [{type: integer, format: int8}]}
                born_on: {format: date}
                count: {type: integer, format: double}
                budget: {type: string, format: decimal, pattern: '^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?$'}
                price: {type: string, format: decimal}
                weight: {type: string, format: decimal, pattern: '^[0-9]+$'}
                mass: {type: string, format: decimal, pattern: '^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,2})?$'}
      responses:
        '200':
          description: ok
          headers: {ETag: {schema: {type: string, format: tag}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Tree'}}}
`
	doc, err := openapi3.NewLoader().LoadFromData([]byte(paths))
	if err != nil {
		t.Fatal(err)
	}
	err = document.CheckFormats(doc)
	if err == nil {
		t.Fatal("no error")
	}
	refused := map[string]bool{}
	for line := range strings.Lines(err.Error()) {
		operation, fault, _ := strings.Cut(line, ": ")
		place, _, _ := strings.Cut(fault, ": ")
		refused[operation+" "+place] = true
	}
	want := []string{
		"parameter id", "parameter since", "body /box/height", "body /tags/*", "body /notes/*", "body /age", "body /born_on", "body /count", "body /price", "body /weight", "body /mass",
		"reply 200 /planted_on", "header ETag",
	}
	for _, place := range want {
		if !refused["PUT /things/{id} "+place] {
			t.Errorf("%s isn't rejected", place)
		}
	}
	if len(refused) != len(want) {
		t.Errorf("%d places are rejected, want %d:\n%v", len(refused), len(want), err)
	}
}

func TestDigitsOf(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]document.Digits{
		document.DecimalPattern(14, 2):            {Before: 12, After: 2, Signed: true},
		document.DecimalPattern(19, 0):            {Before: 19, Signed: true},
		document.DecimalPattern(3, 2):             {Before: 1, After: 2, Signed: true},
		`^(0|[1-9][0-9]{0,2})(\.[0-9]{1,4})?$`:    {Before: 3, After: 4},
		`^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?$`: {Before: 12, After: 2, Signed: true},
	} {
		schema := openapi3.NewStringSchema().WithFormat("decimal").WithPattern(pattern)
		if got, ok := document.DigitsOf(schema); !ok || got != want {
			t.Errorf("%s: %+v and %t, want %+v", pattern, got, ok, want)
		}
		// Fault explains exactly the numbers that the pattern rejects. ReplyPattern accepts the
		// same numbers, but only with all digits after the point.
		for _, text := range []string{"0", "0.0", "-1", "9.99", "9.9999", "12", "123", "1234", "999999999999.99", "1000000000000", "9999999999999999999", "1e5", "01", "", "1.", "1.23456"} {
			padded := want.Pad(text)
			detail, code := want.Fault(padded)
			if fits := regexp.MustCompile(pattern).MatchString(padded); fits != (detail == "") || fits != (code == "") {
				t.Errorf("%s fits %s: %t, and the explanation is %q (%s)", padded, pattern, fits, detail, code)
			} else if full := regexp.MustCompile(want.ReplyPattern()).MatchString(padded); full != fits {
				t.Errorf("%s fits the pattern of replies: %t, want %t", padded, full, fits)
			} else if short := strings.TrimSuffix(padded, "0"); short != padded && want.After > 0 && regexp.MustCompile(want.ReplyPattern()).MatchString(short) {
				t.Errorf("%s fits the pattern of replies", short)
			}
		}
	}
	for _, pattern := range []string{"", `^.*$`, document.DecimalPattern(20, 2), document.DecimalPattern(2, 2), document.DecimalPattern(14, 2) + "x", `^-?(0|[1-9][0-9]{0,11})(\.[0-9]{2})?$`, `^-?([1-9][0-9]{0,11})$`} {
		if digits, ok := document.DigitsOf(openapi3.NewStringSchema().WithFormat("decimal").WithPattern(pattern)); ok {
			t.Errorf("%q has the digits %+v", pattern, digits)
		}
	}
	if _, ok := document.DigitsOf(openapi3.NewStringSchema().WithPattern(document.DecimalPattern(14, 2))); ok {
		t.Error("a schema without the format decimal has digits")
	}
}

func TestPad(t *testing.T) {
	t.Parallel()
	digits := document.Digits{Before: 12, After: 2, Signed: true}
	for text, want := range map[string]string{
		"0": "0.00", "-0": "0.00", "-0.0": "0.00", "1234.5": "1234.50", "-1234.50": "-1234.50", "-0.01": "-0.01", "7": "7.00",
		"1.234": "1.234", "1e5": "1e5", "01": "01", "": "", "-": "-", "5.": "5.",
	} {
		if got := digits.Pad(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

package middleware

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"
	"github.com/oapi-codegen/nullable"
	"github.com/oapi-codegen/runtime"

	"github.com/tenantry/tenantry/openapi"
)

const payments = `
openapi: 3.0.3
info: {title: Test, version: '1'}
components:
  schemas:
    Amount: {type: string, format: decimal, pattern: '^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?$'}
paths:
  /payments:
    put:
      operationId: putPayment
      security: []
      x-required-role: anon
      x-audit-action: payment.update
      x-rate-limit: default
      parameters:
        - {name: amount, in: query, schema: {$ref: '#/components/schemas/Amount'}}
        - {name: from, in: query, schema: {type: string, format: date}}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              properties:
                amount: {$ref: '#/components/schemas/Amount'}
                fee: {nullable: true, allOf: [{$ref: '#/components/schemas/Amount'}]}
                shares: {type: array, items: {type: string, format: decimal, pattern: '^(0|[1-9][0-9]{0,0})(\.[0-9]{1,3})?$'}}
                pieces: {type: string, format: decimal, pattern: '^-?(0|[1-9][0-9]{0,2})$'}
                paid_on: {type: string, format: date}
                due_on: {type: string, format: date, nullable: true}
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}
`

// payment is like a generated type.
type payment struct {
	Amount openapi.Decimal                    `json:"amount"`
	Fee    nullable.Nullable[openapi.Decimal] `json:"fee,omitempty"`
	Shares []openapi.Decimal                  `json:"shares,omitempty"`
	Pieces *openapi.Decimal                   `json:"pieces,omitempty"`
	PaidOn openapi.Date                       `json:"paid_on"`
	DueOn  nullable.Nullable[openapi.Date]    `json:"due_on,omitempty"`
	Query  struct {
		Amount *openapi.Decimal
		From   *openapi.Date
	} `json:"-"`
}

// echoPayment reads a request and writes a reply like the generated code. It returns the query in
// headers.
func echoPayment(c echo.Context) error {
	var p payment
	if err := runtime.BindJSONValue(c.Request().Body.(validatedBody).value, &p); err != nil { //nolint:forcetypeassert // set by validate
		return err
	}
	for name, into := range map[string]any{"amount": &p.Query.Amount, "from": &p.Query.From} {
		if err := runtime.BindQueryParameterWithOptions("form", true, false, name, c.QueryParams(), into, runtime.BindQueryParameterOptions{Type: "string"}); err != nil {
			return err
		}
	}
	if p.Query.Amount != nil {
		c.Response().Header().Set("Amount", p.Query.Amount.String())
	}
	if p.Query.From != nil {
		c.Response().Header().Set("From", p.Query.From.String())
	}
	return c.JSON(http.StatusOK, p)
}

func TestValidDatesAndDecimalsAreAccepted(t *testing.T) {
	t.Parallel()
	s := serveDocument(t, payments, echoPayment)
	for body, want := range map[string]string{
		`"amount":"1234.5","paid_on":"2026-11-23"`:                                                     `"amount":"1234.50","paid_on":"2026-11-23"`,
		`"amount":"-0.00","paid_on":"0001-01-01"`:                                                      `"amount":"0.00","paid_on":"0001-01-01"`,
		`"amount":"-999999999999.99","fee":null,"paid_on":"9999-12-31"`:                                `"amount":"-999999999999.99","fee":null,"paid_on":"9999-12-31"`,
		`"amount":"0","fee":"7","due_on":null,"paid_on":"2024-02-29"`:                                  `"amount":"0.00","fee":"7.00","due_on":null,"paid_on":"2024-02-29"`,
		`"amount":"1","shares":["0.5","1"],"pieces":"-0","paid_on":"1900-02-28","due_on":"2000-02-29"`: `"amount":"1.00","shares":["0.500","1.000"],"pieces":"0","paid_on":"1900-02-28","due_on":"2000-02-29"`,
	} {
		w := s.do(t.Context(), http.MethodPut, "/payments?amount=-0.5&from=2026-11-23", "{"+body+"}", "Content-Type: application/json")
		if w.Code != http.StatusOK {
			t.Errorf("%s: status %d: %s", body, w.Code, w.Body)
			continue
		}
		sameFields(t, w.Body.String(), "{"+want+"}")
		if amount, from := w.Header().Get("Amount"), w.Header().Get("From"); amount != "-0.5" || from != "2026-11-23" {
			t.Errorf("the filters are %q and %q", amount, from)
		}
	}
}

func TestWrongDatesAndDecimalsAreExplained(t *testing.T) {
	t.Parallel()
	const (
		noDate   = "format: Use a date like 2026-11-23, from 0001-01-01 to 9999-12-31."
		noAmount = "format: Use digits, like 1234.00, without blanks, exponents and leading zeros."
		tooLong  = "pattern: Use at most 12 digits before the point."
		tooFine  = "pattern: Use at most 2 digits after the point."
	)
	s := serveDocument(t, payments, echoPayment)
	for _, tc := range []struct{ field, value, want string }{
		{"paid_on", "2026-02-30", noDate},
		{"paid_on", "0000-01-01", noDate},
		{"paid_on", "2023-02-29", noDate},
		{"paid_on", "10000-01-01", noDate},
		{"paid_on", "2026-1-1", noDate},
		{"paid_on", "2026-11-23T00:00:00Z", noDate},
		{"paid_on", "", noDate},
		{"due_on", "2026-13-01", noDate},
		{"amount", "1e5", noAmount},
		{"amount", "+1", noAmount},
		{"amount", "01", noAmount},
		{"amount", "-01.5", noAmount},
		{"amount", " 1", noAmount},
		{"amount", "1 ", noAmount},
		{"amount", ".5", noAmount},
		{"amount", "5.", noAmount},
		{"amount", "NaN", noAmount},
		{"amount", "Infinity", noAmount},
		{"amount", "", noAmount},
		{"amount", "1,5", noAmount},
		{"amount", "1000000000000", tooLong},
		{"amount", "-1000000000000.00", tooLong},
		{"amount", "1.234", tooFine},
		{"amount", "1.000", tooFine},
		{"amount", "1000000000000.123", tooLong},
		{"fee", "1.234", tooFine},
		{"fee", "x", noAmount},
		{"pieces", "1.5", "pattern: Use a whole number."},
		{"pieces", "1000", "pattern: Use at most 3 digits before the point."},
	} {
		w := s.do(t.Context(), http.MethodPut, "/payments", `{"`+tc.field+`":"`+tc.value+`"}`, "Content-Type: application/json")
		if got := explained(t, w); got != "/"+tc.field+": "+tc.want {
			t.Errorf("%s %q: %s, want %s", tc.field, tc.value, got, tc.want)
		}
		if parameter := map[string]string{"paid_on": "from", "amount": "amount"}[tc.field]; parameter != "" {
			w := s.do(t.Context(), http.MethodPut, "/payments?"+parameter+"="+url.QueryEscape(tc.value), "{}", "Content-Type: application/json")
			if got := explained(t, w); got != parameter+": "+tc.want {
				t.Errorf("%s=%q: %s, want %s", parameter, tc.value, got, tc.want)
			}
		}
	}
	w := s.do(t.Context(), http.MethodPut, "/payments", `{"shares":["-1"]}`, "Content-Type: application/json")
	if got := explained(t, w); got != "/shares/0: minimum: Use 0 or more." {
		t.Errorf("a negative share: %s", got)
	}
	for _, body := range []string{`{"amount":1.5}`, `{"paid_on":20261123}`, `{"amount":null}`} {
		if w := s.do(t.Context(), http.MethodPut, "/payments", body, "Content-Type: application/json"); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d: %s", body, w.Code, w.Body)
		}
	}
}

// sameFields compares two JSON objects.
func sameFields(t *testing.T, got, want string) {
	t.Helper()
	var a, b map[string]any
	if err := errors.Join(json.Unmarshal([]byte(got), &a), json.Unmarshal([]byte(want), &b)); err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	if diff := cmp.Diff(b, a); diff != "" {
		t.Error(diff)
	}
}

// explained returns location, code and message of the single fault in a refusal.
func explained(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if w.Code != http.StatusUnprocessableEntity {
		return fmt.Sprintf("status %d: %s", w.Code, w.Body)
	}
	list := readProblem(t, w).Errors
	if len(list) != 1 {
		return fmt.Sprintf("%d places: %s", len(list), w.Body)
	}
	var place string
	for _, name := range []*string{list[0].Pointer, list[0].Parameter} {
		if name != nil {
			place = *name
		}
	}
	return place + ": " + list[0].Code + ": " + list[0].Detail
}

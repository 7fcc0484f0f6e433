package apitest

import (
	"fmt"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/document"
)

// sample returns a value of a schema that isn't an object. Normalisation can change only its upper
// and lower case. The numbers 0 and 1 give different values, if the schema allows two.
func sample(t testing.TB, s *openapi3.Schema, number int) any {
	t.Helper()
	n := int64(UniqueNumber()) // makes each text unique
	for s.Type == nil && len(s.AllOf) == 1 {
		s = s.AllOf[0].Value
	}
	switch {
	case s.Enum != nil:
		return s.Enum[number%len(s.Enum)]
	case s.Type.Is(openapi3.TypeBoolean):
		return number%2 == 0
	case s.Type.Is(openapi3.TypeInteger), s.Type.Is(openapi3.TypeNumber):
		value := float64(number + 1)
		if s.Min != nil {
			value += *s.Min
		}
		if s.Type.Is(openapi3.TypeNumber) {
			value += 0.25
		}
		return value
	}
	texts := []string{
		fmt.Sprintf("%s %d", []string{"Sample", "sample"}[number%2], n), fmt.Sprintf("SAMPLE-%d", n), fmt.Sprintf("sample%d@example.com", n), fmt.Sprintf("https://sample%d.example.com/", n),
		time.Date(2026, 1, 1, 0, 0, int(n), 123456000, time.UTC).Format("2006-01-02T15:04:05.000000Z"),
		time.Date(2026, 1, 1+int(n), 0, 0, 0, 0, time.UTC).Format(time.DateOnly),
	}
	for _, text := range append(texts, decimals(n)...) {
		if s.VisitJSON(text, document.SchemaOptions()...) == nil {
			return text
		}
	}
	t.Fatalf("no sample fits the schema %+v: add one that does", *s)
	return nil
}

// decimals returns numbers with fewer and fewer digits after the point. So the first that fits a
// pattern has all digits, as in replies.
func decimals(n int64) []string {
	const maxDigits = 18
	var list []string
	for digits, power := maxDigits, int64(1e18); digits > 0; digits, power = digits-1, power/10 {
		list = append(list, fmt.Sprintf("%d.%0*d", 1+n%9, digits, n%power), fmt.Sprintf("0.%0*d", digits, n%power))
	}
	return append(list, fmt.Sprint(1+n))
}

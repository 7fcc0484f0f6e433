package apitest

import (
	"fmt"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/document"
)

// sample returns a value of a schema that isn't an object. No normalisation changes more of it than
// upper and lower case. Two numbers give different values, if the schema has so many.
func sample(t testing.TB, s *openapi3.Schema, number int) any {
	t.Helper()
	n := int64(UniqueNumber()) // no two texts are equal
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

// decimals are numbers with ever fewer digits after the point: the first one that fits a pattern
// has all of them, as replies have.
func decimals(n int64) []string {
	const most = 18
	var list []string
	for digits, power := most, int64(1e18); digits > 0; digits, power = digits-1, power/10 {
		list = append(list, fmt.Sprintf("%d.%0*d", 1+n%9, digits, n%power), fmt.Sprintf("0.%0*d", digits, n%power))
	}
	return append(list, fmt.Sprint(1+n))
}

package apitest

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/document"
)

func TestRepliesHaveAllDigitsOfADecimal(t *testing.T) {
	t.Parallel()
	schema := openapi3.NewStringSchema().WithFormat("decimal").WithPattern(document.DecimalPattern(14, 2))
	if err := requireDigits("", schema.NewRef()); err != nil {
		t.Fatal(err)
	}
	for value, valid := range map[string]bool{"1234.50": true, "-0.10": true, "1234.5": false, "1234": false} {
		if err := schema.VisitJSON(value, document.SchemaOptions()...); (err == nil) != valid {
			t.Errorf("%s: %v, want valid %t", value, err, valid)
		}
	}
}

package search_test

import (
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/search"
)

func TestPatternFindsText(t *testing.T) {
	t.Parallel()
	text := search.Text("Zoë@Example.com", "company.update", `100%_\sure`)
	for _, q := range []string{"zoë@", "ZOË", "Company.Update", "%", "_", `\`, `0%_\S`} {
		if part := strings.Trim(search.Pattern(q), "%"); !strings.Contains(text, part) {
			t.Errorf("%q isn't found in %q", q, text)
		}
	}
	for _, q := range []string{"z%e", "compan_", "zoe"} {
		if part := strings.Trim(search.Pattern(q), "%"); strings.Contains(text, part) {
			t.Errorf("%q is found in %q", q, text)
		}
	}
	if strings.ContainsAny(text, `%_\`) {
		t.Errorf("%q has wildcards of LIKE", text)
	}
}

package errs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/errs"
)

func TestEveryCodeIsExplained(t *testing.T) {
	t.Parallel()
	for _, code := range errs.Codes() {
		e := code.Explanation()
		for part, text := range map[string]string{"meaning": e.Meaning, "when": e.When, "remedy": e.Remedy} {
			if len(text) < 10 || !strings.ContainsAny(text[len(text)-1:], ".)") || strings.Count(text, "`")%2 != 0 {
				t.Errorf("%s: its %s is %q, want whole sentences", code, part, text)
			}
		}
	}
}

func TestSortedHasEveryCodeByStatus(t *testing.T) {
	t.Parallel()
	sorted := errs.Sorted()
	if len(sorted) != len(errs.Codes()) {
		t.Fatalf("%d codes, want %d", len(sorted), len(errs.Codes()))
	}
	if !slices.IsSortedFunc(sorted, func(a, b errs.Code) int { return a.Status() - b.Status() }) || !sorted[0].IsKnown() || errs.Code("nope").IsKnown() {
		t.Errorf("%q aren't the known codes, sorted by status", sorted)
	}
}

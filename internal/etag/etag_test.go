package etag_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/etag"
)

func TestConditions(t *testing.T) {
	t.Parallel()
	if got := etag.Of(7); got != `"7"` {
		t.Fatalf("tag %s, want a strong one of the version", got)
	}
	for header, want := range map[string]struct{ allows, unchanged bool }{
		`"7"`:                {true, true},
		` "7" `:              {true, true},
		`*`:                  {true, true},
		`"6","7"`:            {true, true},
		`"6" , "7" , "8"`:    {true, true},
		`W/"7"`:              {false, true},
		`W/"6", W/"7"`:       {false, true},
		`W/"6", "7"`:         {true, true},
		``:                   {false, false},
		`,`:                  {false, false},
		`"6"`:                {false, false},
		`"77"`:               {false, false},
		`"07"`:               {false, false},
		`7`:                  {false, false},
		`'7'`:                {false, false},
		`w/"7"`:              {false, false}, // the W is case-sensitive
		`"*"`:                {false, false},
		`"6 7"`:              {false, false},
		`"6";"7"`:            {false, false},
		`"7`:                 {false, false},
		`nonsense, "7" more`: {false, false},
	} {
		if got := etag.IfMatch(&header).Allows(7); got != want.allows {
			t.Errorf("If-Match: %s allows version 7: %t, want %t", header, got, want.allows)
		}
		if got := etag.Unchanged(&header, 7); got != want.unchanged {
			t.Errorf("If-None-Match: %s finds version 7 unchanged: %t, want %t", header, got, want.unchanged)
		}
	}
}

func TestWithoutAHeaderThereIsNoCondition(t *testing.T) {
	t.Parallel()
	if !etag.IfMatch(nil).Allows(7) || !(etag.Condition{}).Allows(7) {
		t.Error("a version isn't allowed, want every one")
	}
	if etag.Unchanged(nil, 7) {
		t.Error("unchanged, though the client has nothing")
	}
}

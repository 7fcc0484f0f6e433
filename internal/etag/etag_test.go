package etag_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/etag"
)

var row = etag.Of(uuid.MustParse("019371a0-5c00-7aaa-8b00-1a2b3c4d5e6f"), uuid.MustParse("019371a0-5c00-7b11-8c00-0a1b2c3d4e5f"), 7)

func TestTagsNameVersionRowAndContent(t *testing.T) {
	t.Parallel()
	tag := etag.Complete(row.Tag(), []byte("{}"))
	if !regexp.MustCompile(`^"7-[0-9a-f]{12}-[0-9a-f]{16}"$`).MatchString(tag) {
		t.Errorf("tag %s", tag)
	}
	if again := etag.Complete(tag, []byte("[]")); again != tag {
		t.Errorf("a complete tag becomes %s", again)
	}
	for name, other := range map[string]string{
		"content": etag.Complete(row.Tag(), []byte("{} ")),
		"version": etag.Complete(etag.Of(row.TenantID, row.ID, 8).Tag(), []byte("{}")),
		"row":     etag.Complete(etag.Of(row.TenantID, row.TenantID, 7).Tag(), []byte("{}")),
		"tenant":  etag.Complete(etag.Of(row.ID, row.ID, 7).Tag(), []byte("{}")),
	} {
		if other == tag {
			t.Errorf("another %s has the same tag %s", name, tag)
		}
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	tag := etag.Complete(row.Tag(), []byte("{}"))
	otherContent := etag.Complete(row.Tag(), []byte("[]"))
	otherRow := etag.Complete(etag.Of(row.TenantID, row.TenantID, 7).Tag(), []byte("{}"))
	for header, want := range map[string]struct{ match, noneMatch, unchanged bool }{
		tag:                          {true, false, true},
		otherContent:                 {true, false, false},
		otherRow:                     {false, true, false},
		row.Tag():                    {true, false, false},
		`"7"`:                        {true, false, false},
		` "7" `:                      {true, false, false},
		`*`:                          {true, false, true},
		"\t*":                        {true, false, true},
		`"6","7"`:                    {true, false, false},
		`"6" ,` + tag + `, "8"`:      {true, false, true},
		`,, "7",`:                    {true, false, false},
		`W/` + tag:                   {false, false, true},
		`W/"6", W/"7"`:               {false, false, false},
		`W/"6", "7"`:                 {true, false, false},
		`"a,b", "7"`:                 {true, false, false},
		`"a,` + tag[1:]:              {false, true, false},
		`"6"`:                        {false, true, false},
		`"77"`:                       {false, true, false},
		`"07"`:                       {false, true, false},
		`""`:                         {false, true, false},
		`"*"`:                        {false, true, false},
		strings.TrimSuffix(tag, `"`): {false, false, false}, // the following are malformed
		``:                           {false, false, false},
		`,`:                          {false, false, false},
		`7`:                          {false, false, false},
		`'7'`:                        {false, false, false},
		`w/"7"`:                      {false, false, false}, // W is case-sensitive
		`"6 7"`:                      {false, false, false},
		`"6";"7"`:                    {false, false, false},
		`"7`:                         {false, false, false},
		`nonsense, "7" more`:         {false, false, false},
		`nonsense, "7"`:              {true, false, false},
		`"6", *`:                     {false, false, false},
	} {
		if got := etag.Preconditions(&header, nil); got.Allows(row) != want.match || got.Matches(tag) != want.match || got.Unchanged(tag) {
			t.Errorf("If-Match: %s allows %t, matches %t, want %t", header, got.Allows(row), got.Matches(tag), want.match)
		}
		got := etag.Preconditions(nil, &header)
		if got.Allows(row) != want.noneMatch || got.Unchanged(tag) != want.unchanged || !got.Matches(tag) {
			t.Errorf("If-None-Match: %s allows %t, unchanged %t, want %t, %t", header, got.Allows(row), got.Unchanged(tag), want.noneMatch, want.unchanged)
		}
	}
}

func TestBothConditionsHaveToHold(t *testing.T) {
	t.Parallel()
	yes, no := `"7"`, `"6"`
	for _, test := range []struct {
		match, noneMatch *string
		want             bool
	}{{nil, nil, true}, {&yes, &no, true}, {&yes, &yes, false}, {&no, &no, false}, {&no, &yes, false}} {
		if got := etag.Preconditions(test.match, test.noneMatch).Allows(row); got != test.want {
			t.Errorf("%v allows %t, want %t", test, got, test.want)
		}
	}
}

package paging_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/paging"
)

const secretKey = "only-for-tests-5rB0vV7mYk3sQxN2cJ8w"

type filters struct {
	Q    *string
	Code string
}

func newCursors(t *testing.T, key string, previous ...string) *paging.Cursors {
	t.Helper()
	var before [][]byte
	for _, p := range previous {
		before = append(before, []byte(p))
	}
	cursors, err := paging.NewCursors([]byte(key), before...)
	if err != nil {
		t.Fatal(err)
	}
	return cursors
}

func someList() paging.List {
	return paging.List{
		TenantID: uuid.MustParse("019371a0-5c00-7000-8000-000000000001"), Name: "listThings", Sort: "name", Filters: filters{Q: new("a"), Code: "A"},
	}
}

func somePosition() paging.Position {
	return paging.Position{Key: "nörth <1> \"&\" 🧭", ID: uuid.MustParse("019371a0-5c00-7000-8000-000000000002")}
}

func encode(t *testing.T, list paging.List, p paging.Position) string {
	t.Helper()
	cursor, err := newCursors(t, secretKey).Encode(list, p)
	if err != nil {
		t.Fatal(err)
	}
	return cursor
}

func TestCursorLeadsBackToItsPosition(t *testing.T) {
	t.Parallel()
	for _, want := range []paging.Position{somePosition(), {}, {Key: strings.Repeat("x", 1000)}} {
		cursor := encode(t, someList(), want)
		if got, err := newCursors(t, secretKey).Decode(someList(), cursor); err != nil || got != want {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
		if strings.Trim(cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("%s has characters that an address would have to escape", cursor)
		}
	}
}

func TestCursorsOutliveAChangeOfTheKey(t *testing.T) {
	t.Parallel()
	old := encode(t, someList(), somePosition())
	for name, tc := range map[string]struct {
		cursors *paging.Cursors
		works   bool
	}{
		"during": {newCursors(t, "new-"+secretKey, secretKey), true},
		"after":  {newCursors(t, "new-"+secretKey), false},
	} {
		if _, err := tc.cursors.Decode(someList(), old); (err == nil) != tc.works {
			t.Errorf("%s the change: %v", name, err)
		}
		again, err := tc.cursors.Encode(someList(), somePosition())
		if err != nil || again == old {
			t.Errorf("%s the change, the old key makes cursors: %v", name, err)
		}
	}
}

func TestAlteredCursorIsRefused(t *testing.T) {
	t.Parallel()
	cursors, cursor := newCursors(t, secretKey), encode(t, someList(), somePosition())
	altered := []string{"", cursor + "A", cursor + "=", cursor + "\n", cursor + " ", " " + cursor, cursor + cursor, cursor[:10] + "\r\n" + cursor[10:]}
	for i := range cursor {
		altered = append(altered, cursor[:i], cursor[i+1:])
		for bit := range 8 {
			changed := []byte(cursor)
			changed[i] ^= 1 << bit
			altered = append(altered, string(changed))
		}
	}
	for _, a := range altered {
		if got, err := cursors.Decode(someList(), a); !errs.Is(err, errs.InvalidCursor) || got != (paging.Position{}) {
			t.Errorf("%q leads to %+v (%v), want invalid_cursor", a, got, err)
		}
	}
}

func TestCursorFitsOnlyItsList(t *testing.T) {
	t.Parallel()
	cursor := encode(t, someList(), somePosition())
	for name, change := range map[string]func(*paging.List){
		"another tenant":      func(l *paging.List) { l.TenantID = uuid.MustParse("019371a0-5c00-7000-8000-000000000009") },
		"no tenant":           func(l *paging.List) { l.TenantID = uuid.Nil },
		"another operation":   func(l *paging.List) { l.Name = "listOthers" },
		"another sort":        func(l *paging.List) { l.Sort = "-name" },
		"another filter":      func(l *paging.List) { l.Filters = filters{Q: new("b"), Code: "A"} },
		"a filter less":       func(l *paging.List) { l.Filters = filters{Code: "A"} },
		"no filters":          func(l *paging.List) { l.Filters = nil },
		"values moved around": func(l *paging.List) { l.Name, l.Sort = "listThingsn", "ame" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := someList()
			change(&list)
			if _, err := newCursors(t, secretKey).Decode(list, cursor); !errs.Is(err, errs.InvalidCursor) {
				t.Errorf("error %v, want invalid_cursor", err)
			}
		})
	}
}

func TestAnotherKeyRefusesTheCursor(t *testing.T) {
	t.Parallel()
	cursor := encode(t, someList(), somePosition())
	if _, err := newCursors(t, secretKey+"x").Decode(someList(), cursor); !errs.Is(err, errs.InvalidCursor) {
		t.Errorf("error %v, want invalid_cursor", err)
	}
}

func TestFiltersThatAreNoJSONAreAnError(t *testing.T) {
	t.Parallel()
	list := someList()
	list.Filters = func() {}
	if _, err := newCursors(t, secretKey).Encode(list, somePosition()); err == nil {
		t.Error("no error, though the cursor can't be bound to the filters")
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	if got := paging.Limit(nil); got != paging.DefaultLimit {
		t.Errorf("%d, want the default", got)
	}
	if got := paging.Limit(new(int32(7))); got != 7 {
		t.Errorf("%d, want 7", got)
	}
}

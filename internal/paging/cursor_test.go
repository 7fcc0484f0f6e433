package paging_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/paging"
)

const secretKey = "only-for-tests-5rB0vV7mYk3sQxN2cJ8w"

type filters struct {
	TenantID uuid.UUID
	Q        *string
	Code     string
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
		Name: "ListThings", Sort: "name", Filters: filters{TenantID: uuid.MustParse("019371a0-5c00-7000-8000-000000000001"), Q: new("a"), Code: "A"},
	}
}

func somePlace() db.Place { return placeOf("nörth <1> \"&\" 🧭") }

func placeOf(key any) db.Place {
	text, _ := json.Marshal(key)
	return db.Place{Key: text, ID: uuid.MustParse("019371a0-5c00-7000-8000-000000000002")}
}

func encode(t *testing.T, list paging.List, p db.Place) string {
	t.Helper()
	cursor, err := newCursors(t, secretKey).Encode(list, p)
	if err != nil {
		t.Fatal(err)
	}
	return cursor
}

func TestCursorLeadsBackToItsPlace(t *testing.T) {
	t.Parallel()
	for _, key := range []any{
		"nörth <1> \"&\" 🧭", "", strings.Repeat("x", 1000), time.Date(2026, 11, 23, 12, 0, 0, 1000, time.UTC), int64(math.MaxInt64), 0.1, "-12.30", "2026-02-28",
	} {
		want := placeOf(key)
		cursor := encode(t, someList(), want)
		if got, err := newCursors(t, secretKey).Decode(someList(), cursor); err != nil || !bytes.Equal(got.Key, want.Key) || got.ID != want.ID {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
		if strings.Trim(cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("%s has characters that must be escaped in a URL", cursor)
		}
	}
}

func TestCursorsOutliveAChangeOfTheKey(t *testing.T) {
	t.Parallel()
	old := encode(t, someList(), somePlace())
	for name, tc := range map[string]struct {
		cursors *paging.Cursors
		works   bool
	}{
		"during": {newCursors(t, "new-"+secretKey, secretKey), true},
		"after":  {newCursors(t, "new-"+secretKey), false},
	} {
		if _, err := tc.cursors.Decode(someList(), old); (err == nil) != tc.works {
			t.Errorf("decoding the old cursor %s the change: error %v", name, err)
		}
		again, err := tc.cursors.Encode(someList(), somePlace())
		if err != nil || again == old {
			t.Errorf("encoding %s the change: error %v, or a cursor that was made with the old key", name, err)
		}
	}
}

func TestAlteredCursorIsRefused(t *testing.T) {
	t.Parallel()
	cursors, cursor := newCursors(t, secretKey), encode(t, someList(), somePlace())
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
		if got, err := cursors.Decode(someList(), a); !errs.Is(err, errs.InvalidCursor) || got.Key != nil || got.ID != uuid.Nil {
			t.Errorf("%q leads to %+v (%v), want invalid_cursor", a, got, err)
		}
	}
}

func TestCursorFitsOnlyItsList(t *testing.T) {
	t.Parallel()
	cursor := encode(t, someList(), somePlace())
	with := func(change func(*filters)) func(*paging.List) {
		return func(l *paging.List) {
			f := l.Filters.(filters)
			change(&f)
			l.Filters = f
		}
	}
	for name, change := range map[string]func(*paging.List){
		"another tenant":      with(func(f *filters) { f.TenantID = uuid.MustParse("019371a0-5c00-7000-8000-000000000009") }),
		"no tenant":           with(func(f *filters) { f.TenantID = uuid.Nil }),
		"another list":        func(l *paging.List) { l.Name = "ListOthers" },
		"another sort":        func(l *paging.List) { l.Sort = "-name" },
		"another filter":      with(func(f *filters) { f.Q = new("b") }),
		"a filter less":       with(func(f *filters) { f.Q = nil }),
		"no filters":          func(l *paging.List) { l.Filters = nil },
		"values moved around": func(l *paging.List) { l.Name, l.Sort = "ListThingsn", "ame" },
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
	cursor := encode(t, someList(), somePlace())
	if _, err := newCursors(t, secretKey+"x").Decode(someList(), cursor); !errs.Is(err, errs.InvalidCursor) {
		t.Errorf("error %v, want invalid_cursor", err)
	}
}

func TestFiltersThatAreNoJSONAreAnError(t *testing.T) {
	t.Parallel()
	list := someList()
	list.Filters = func() {}
	if _, err := newCursors(t, secretKey).Encode(list, somePlace()); err == nil {
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

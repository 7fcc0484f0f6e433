package middleware

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/errs"
)

// FuzzReadJSON checks that readJSON never panics, returns only our own messages, and decodes like
// encoding/json.
func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{
		"", " ", "null", "true", " false ", "0", "-0", "-0.0", "1e400", "12345678901234567890", "1.50", "01", "+1", ".5", "1.", "NaN",
		`""`, `"a"`, `"\u0041\n\/"`, `"\u0000"`, `"\ud83e\udded"`, `"\ud800"`, `"\udded\ud83e"`, `"🧭"`, "\"\xff\"", "\"\xc0\xaf\"", "\"\n\"", `"\x"`, `"`, `'a'`,
		"\ufeff{}", "{}", "[]", "{ }", "[1,2]", "[1,]", "[,1]", "[1 2]", `{"a":1}`, `{"a":1,}`, `{"a" 1}`, `{a:1}`, `{1:1}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`,
		`{"a":{"b":[{"c":null},true,"x",-1.5e-3]}}`, `{"a":1,"b":{"a":2,"c":[]},"":""}`, `{"a/b~c":[}`, `{"__proto__":{}}`, `{"a\u0000":1}`, "{} {}", "{}}", "[[", "{\"a\":", "// a\n1", "1 /* b */",
		strings.Repeat("[", 32) + strings.Repeat("]", 32), strings.Repeat("[", 33), strings.Repeat(`{"a":`, 40),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := readJSON(body)
		if err != nil {
			e, ok := errors.AsType[*errs.Error](err)
			if !ok || e.Code != errs.MalformedJSON && e.Code != errs.ValidationFailed || len(e.Fields) != 1 {
				t.Fatalf("error %v, want malformed_json or validation_failed with the location", err)
			}
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("accepted, though encoding/json says: %v", err)
		}
		if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
			t.Fatalf("accepted with more data behind it: %v", err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%#v, want %#v as encoding/json reads it", got, want)
		}
	})
}

func TestReadJSONTakesNestingUpToItsLimit(t *testing.T) {
	t.Parallel()
	nested := func(depth int) []byte { return []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth)) }
	if _, err := readJSON(nested(maxDepth)); err != nil {
		t.Errorf("depth %d: %v", maxDepth, err)
	}
	if _, err := readJSON(nested(maxDepth + 1)); !errs.Is(err, errs.ValidationFailed) {
		t.Errorf("depth %d: error %v, want validation_failed", maxDepth+1, err)
	}
}

func TestReadJSONKeepsNumbersAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"0", "-0", "1.50", "1e400", "12345678901234567890.1"} {
		if got, err := readJSON([]byte(number)); err != nil || got != json.Number(number) {
			t.Errorf("%s became %v (%v)", number, got, err)
		}
	}
}

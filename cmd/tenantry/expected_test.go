package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// dots stand in a document for output that differs between runs: within a text for a part of it, as
// a line for any lines, as a JSON value for any value, as a name for any further members, and at
// the end of a list for any further items.
const dots = "..."

// mismatch describes how the output differs from the document, or returns "".
func mismatch(language, shown, printed string) string {
	if language == "json" {
		return mismatchJSON(shown, printed)
	}
	tidy := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) + "\n" }
	var pattern strings.Builder
	pattern.WriteString("^")
	for line := range strings.Lines(tidy(shown)) {
		if line == dots+"\n" {
			pattern.WriteString(`(?:.*\n)*?`)
			continue
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), regexp.QuoteMeta(dots), ".*"))
	}
	if !regexp.MustCompile(pattern.String() + "$").MatchString(tidy(printed)) {
		return "the text is another"
	}
	return ""
}

func mismatchJSON(shown, printed string) string {
	want, err := values(shown)
	if err != nil {
		return "the document's block isn't JSON: " + err.Error()
	}
	got, err := values(printed)
	if err != nil {
		return "the output isn't JSON: " + err.Error()
	}
	return difference("", want, got)
}

// values decodes a sequence of JSON values.
func values(text string) ([]any, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	var list []any
	for {
		var v any
		if err := decoder.Decode(&v); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

// difference returns the JSON Pointer of the first place where two JSON values differ.
func difference(at string, want, got any) string {
	switch want := want.(type) {
	case map[string]any:
		got, isObject := got.(map[string]any)
		if !isObject {
			return fmt.Sprintf("%s is no object", at)
		}
		for name, value := range want {
			if name == dots {
				continue
			}
			there, found := got[name]
			if !found {
				return fmt.Sprintf("%s/%s isn't printed", at, name)
			}
			if d := difference(at+"/"+name, value, there); d != "" {
				return d
			}
		}
		for name := range got {
			if _, shown := want[name]; !shown && want[dots] == nil {
				return fmt.Sprintf("%s/%s isn't shown", at, name)
			}
		}
		return ""
	case []any:
		got, isList := got.([]any)
		more := len(want) > 0 && want[len(want)-1] == dots
		if more {
			want = want[:len(want)-1]
		}
		if !isList || len(got) < len(want) || len(got) > len(want) && !more {
			return fmt.Sprintf("%s has %d items, %d are shown", at, len(got), len(want))
		}
		for i := range want {
			if d := difference(fmt.Sprintf("%s/%d", at, i), want[i], got[i]); d != "" {
				return d
			}
		}
		return ""
	case string:
		if want == dots {
			return ""
		}
		if text, isText := got.(string); isText && mismatch("text", want, text) == "" {
			return ""
		}
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Sprintf("%s is %v, shown is %v", at, got, want)
	}
	return ""
}

func TestMismatch(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		language, shown, printed string
		fits                     bool
	}{
		"the same":             {"text", "a\nb\n", "a\r\nb\r\n\n", true},
		"another line":         {"text", "a\nb\n", "a\nc\n", false},
		"an additional line":   {"text", "a\n", "a\nb\n", false},
		"a missing line":       {"text", "a\nb\n", "a\n", false},
		"part of a line":       {"http", "ETag: \"...\"\n", "ETag: \"12\"\n", true},
		"dots end with a line": {"text", "a...\n", "a\nb\n", false},
		"lines":                {"text", "a\n...\nd\n", "a\nb\nc\nd\n", true},
		"no line":              {"text", "a\n...\nd\n", "a\nd\n", true},
		"lines, and then none": {"text", "a\n...\nd\n", "a\nb\n", false},
		"no pattern":           {"text", "a+b\n", "aab\n", false},
		"equal objects":        {"json", `{"a":1,"b":[true,null]}`, `{"b":[true,null],"a":1}`, true},
		"another value":        {"json", `{"a":1}`, `{"a":2}`, false},
		"another name":         {"json", `{"a":"..."}`, `{"b":1}`, false},
		"an additional member": {"json", `{"a":1}`, `{"a":1,"b":2}`, false},
		"additional members":   {"json", `{"a":1,"...":"..."}`, `{"a":1,"b":2}`, true},
		"a missing member":     {"json", `{"a":1,"b":2,"...":"..."}`, `{"a":1}`, false},
		"any value":            {"json", `{"a":"..."}`, `{"a":{"b":1}}`, true},
		"part of a text":       {"json", `{"a":"x..."}`, `{"a":"xyz"}`, true},
		"another text":         {"json", `{"a":"x..."}`, `{"a":"yz"}`, false},
		"an additional item":   {"json", `[1]`, `[1,2]`, false},
		"additional items":     {"json", `[1,"..."]`, `[1,2,3]`, true},
		"a missing item":       {"json", `[1,2,"..."]`, `[1]`, false},
		"two values":           {"json", "1\n2\n", "1 2", true},
		"no JSON":              {"json", `{}`, `{`, false},
	} {
		if got := mismatch(tc.language, tc.shown, tc.printed); (got == "") != tc.fits {
			t.Errorf("%s: %q, want a match: %t", name, got, tc.fits)
		}
	}
}

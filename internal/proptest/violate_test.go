package proptest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// raw is JSON text that is inserted unchanged into a body.
type raw string

// violation is a value that a schema forbids.
type violation struct {
	name  string
	value any
}

// inBody returns values that the schema of a field forbids.
func inBody(s *schema) []violation {
	var list []violation
	add := func(name string, value any) { list = append(list, violation{name, value}) }
	if !s.nullable {
		add("null", nil)
	}
	of := map[string]any{
		"a string": "text", "a number": raw("7"), "a fraction": raw("7.5"), "true": true, "an array": []any{}, "an object": map[string]any{},
	}
	fits := map[string][]string{
		"string": {"a string"}, "integer": {"a number"}, "number": {"a number", "a fraction"}, "boolean": {"true"},
		"array": {"an array"}, "object": {"an object"},
	}[s.kind]
	for _, fit := range fits {
		delete(of, fit)
	}
	for _, name := range []string{"a string", "a number", "a fraction", "true", "an array", "an object"} {
		if value, wrong := of[name]; wrong {
			add(name, value)
		}
	}
	if s.kind == "string" {
		add("NUL", raw(`"a\u0000b"`))
		add("a lone surrogate", raw(`"a\ud800"`))
		add("surrogates the wrong way round", raw(`"\udc00\ud800"`))
		add("invalid UTF-8", raw("\"a\xff\""))
		add("an overlong encoding", raw("\"\xc0\xaf\""))
		add("a surrogate in UTF-8", raw("\"\xed\xa0\x80\""))
		for _, v := range texts(s) {
			add(v.name, v.value)
		}
	}
	if s.kind == "integer" || s.kind == "number" {
		for _, n := range beyond(s) {
			add(n, raw(n))
		}
	}
	return list
}

// extremes returns forbidden numbers that float64 can't represent. The library compares numbers as
// float64.
func extremes(s *schema) []violation {
	var numbers []string
	if s.kind == "integer" || s.kind == "number" {
		numbers = []string{"1e999999999", "-1E+400"}
	}
	if s.kind == "integer" {
		numbers = append(numbers, "1.00000000000000000001", "1e-400", "9223372036854775808")
	}
	var list []violation
	for _, n := range numbers {
		list = append(list, violation{n, raw(n)})
	}
	return list
}

// inParameter returns texts that the schema of a parameter forbids. Headers and URLs have only
// text.
func inParameter(s *schema) []violation {
	var list []violation
	add := func(value string) { list = append(list, violation{shorten(value), value}) }
	switch s.kind {
	case "boolean":
		for _, v := range []string{"", "1", "TRUE", "yes", "null"} {
			add(v)
		}
	case "integer":
		for _, v := range append([]string{"", "x", "1.5", "1e1", "+1", " 1", "0x1", "01", "null", "99999999999999999999"}, beyond(s)...) {
			add(v)
		}
	default:
		list = texts(s)
	}
	return append(list, violation{"NUL", "a\x00"}, violation{"invalid UTF-8", "a\xff"})
}

// beyond returns numbers just beyond the limits, and far beyond.
func beyond(s *schema) []string {
	list := []string{}
	if s.min != nil {
		list = append(list, strconv.FormatFloat(*s.min-1, 'f', -1, 64), "-"+strconv.FormatInt(math.MaxInt64, 10))
	}
	if s.max != nil {
		list = append(list, strconv.FormatFloat(*s.max+1, 'f', -1, 64), strconv.FormatInt(math.MaxInt64, 10))
	}
	return list
}

// noName begins the names of violations of x-name.
const noName = "no name: "

// texts returns texts that violate a length, pattern, format or enumeration.
func texts(s *schema) []violation {
	var list []violation
	add := func(name, value string) { list = append(list, violation{name, value}) }
	if s.enum != nil {
		add("another value", "no_such_value")
		add("upper case", strings.ToUpper(fmt.Sprint(s.enum[0])))
		add("empty", "")
		return list
	}
	if s.minLen > 0 {
		add("too short", strings.Repeat("x", s.minLen-1))
	}
	if s.maxLen >= 0 {
		long := strings.Repeat("x", s.maxLen+1)
		if s.format == "email" {
			long = strings.Repeat("x", s.maxLen+1-len("@example.com")) + "@example.com"
		}
		add("too long", long)
		if s.format == "" {
			add("too long, in wide characters", strings.Repeat("\U0001f9ed", s.maxLen+1))
		}
	}
	for _, candidate := range []string{"", " ", " \t\n", "\u00a0\u3000", "a b", "a\n", "\na", "-", "ä", "ſ", "javascript:alert(1)", strings.Repeat("A", 5000)} {
		long := s.maxLen >= 0 && len(candidate) > s.maxLen
		if len(s.patterns) > 0 && s.format == "" && !long && !s.matches(candidate) {
			add("not as the pattern: "+shorten(candidate), candidate)
		}
	}
	wrong := map[string][]string{
		"email": {"", "nobody", "@example.com", "a@", "a@b@example.com", "a b@example.com", "a@exa mple.com", "a@example.com\n", "a\u200bb@example.com", "ab@exam\u202eple.com", "a@example.com.", "a＠example.com"},
		"uuid": {
			"", "1", "not-a-uuid", "019371a0-5c00-7b11-8c00-0a1b2c3d4e5", "019371a0-5c00-7b11-8c00-0a1b2c3d4e5ff", "019371a05c007b118c000a1b2c3d4e5f",
			"{019371a0-5c00-7b11-8c00-0a1b2c3d4e5f}", "urn:uuid:019371a0-5c00-7b11-8c00-0a1b2c3d4e5f", "019371a0-5c00-7b11-8c00-0a1b2c3d4e5g",
			" 019371a0-5c00-7b11-8c00-0a1b2c3d4e5f", "019371a0-5c00-7b11-8c00-0a1b2c3d4e5f\n", "null", "' OR '1'='1",
		},
		"date-time": {
			"", "yesterday", "0", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z",
			"2026-01-01 00:00:00Z", "2026-01-01T00:00:00Z ", "10000-01-01T00:00:00Z",
			"2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:60Z", "2026-01-01T24:00:00Z",
		},
		"date": {
			"", "today", "0", "20260101", "2026-1-1", "26-01-01", "2026-02-30", "2023-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "0000-01-01", "10000-01-01", "-001-01-01",
			"2026-01-01T00:00:00Z", "2026-01-01Z", " 2026-01-01", "2026-01-01\n", "2026/01/01", "01.01.2026", "null",
		},
		"decimal": {"", "one", "NaN", "Infinity", "null", "1e5", "1E-1", "+1", "01", "-01", "00", "-", ".", ".5", "5.", " 1", "1 ", "1\n", "1,5", "1_0", "0x1", "1.2.3", "\u0661"},
	}
	if s.isName {
		for _, value := range []string{"a\u202eb", "a\nb", "a\u200bb", "\u2060a", "a\u001bb"} {
			add(noName+shorten(value), value)
		}
	}
	if s.format == "decimal" {
		wrong["decimal"] = append(wrong["decimal"], tooManyDigits(s)...)
	}
	for _, value := range wrong[s.format] {
		add("no "+s.format+": "+shorten(value), value)
	}
	return list
}

// tooManyDigits returns the smallest numbers with more digits before or after the point than the
// pattern of a decimal allows.
func tooManyDigits(s *schema) []string {
	var list []string
	for _, begin := range []string{"", "0."} {
		number := begin + "1"
		for s.matches(number) {
			number += "1"
		}
		list = append(list, number)
	}
	if s.matches("1") && !s.matches("-1") {
		list = append(list, "-1")
	}
	return list
}

func shorten(text string) string {
	text = strconv.QuoteToASCII(text)
	if len(text) > 50 {
		return text[:50] + "..."
	}
	return text
}

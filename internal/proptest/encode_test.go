package proptest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// encode encodes a value as JSON. With a generator it varies the encoding: blanks, order of fields,
// and escapes.
func encode(g *generator, value any) string {
	blank := func() string {
		if g == nil || !g.oneIn(10) {
			return ""
		}
		return pick(g, []string{" ", "\n", "\t", "\r\n  "})
	}
	var b strings.Builder
	switch v := value.(type) {
	case raw:
		return string(v)
	case map[string]any:
		names := slices.Sorted(maps.Keys(v))
		if g != nil {
			g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		}
		for i, name := range names {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(blank() + encode(g, name) + blank() + ":" + blank() + encode(g, v[name]) + blank())
		}
		return "{" + b.String() + blank() + "}"
	case []any:
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(encode(g, item))
		}
		return "[" + b.String() + blank() + "]"
	case int64:
		digits := strconv.FormatInt(v, 10)
		if g == nil || v == 0 {
			return digits
		}
		return pick(g, []string{digits, digits, digits, digits + ".0", digits + ".000E0", digits + "e0", digits + "0E-1", digits + "e+00"})
	case string:
		for _, r := range v {
			b.WriteString(encodeRune(g, r))
		}
		return `"` + b.String() + `"`
	default:
		encoded, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(encoded)
	}
}

func encodeRune(g *generator, r rune) string {
	switch {
	case r == '"' || r == '\\':
		return `\` + string(r)
	case r < ' ' || g != nil && g.oneIn(12):
		if r > 0xffff {
			high, low := utf16.EncodeRune(r)
			return fmt.Sprintf(`\u%04x\u%04X`, high, low)
		}
		return fmt.Sprintf(`\u%04x`, r)
	default:
		return string(r)
	}
}

// put returns a body with a value at a place. It creates missing objects on the way.
func put(in any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	object := map[string]any{}
	if there, ok := in.(map[string]any); ok {
		object = maps.Clone(there)
	}
	object[path[0]] = put(object[path[0]], path[1:], value)
	return object
}

// steps returns the names in a pointer.
func steps(pointer string) []string { return strings.Split(pointer, "/")[1:] }

package proptest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// generator generates values that a schema allows.
type generator struct {
	*rand.Rand

	// known returns the value for a place that a schema can't describe, such as a password; ok is
	// false if any value will do.
	known func(place string) (value any, ok bool)
	// entity returns the id for a place that refers to an entity.
	entity func(name, place string) string
	// used records a place that got a value.
	used func(place string)
	// few leaves out optional places, except wanted ones.
	few  bool
	want []string
}

func (g *generator) oneIn(n int) bool { return g.IntN(n) == 0 }

func pick[V any](g *generator, list []V) V { return list[g.IntN(len(list))] }

// value generates the value of a place in a body.
func (g *generator) value(s *schema, pointer string) any {
	if g.used != nil {
		g.used(pointer)
	}
	if s.nullable && !g.few && g.oneIn(6) {
		return nil
	}
	if g.known != nil {
		if v, ok := g.known(pointer); ok {
			return v
		}
	}
	switch {
	case s.enum != nil:
		return pick(g, s.enum)
	case s.kind == "object":
		object := map[string]any{}
		for _, name := range s.names() {
			if s.requires(name) || g.wants(pointer+"/"+name) || !g.few && g.oneIn(2) {
				object[name] = g.value(s.fields[name], pointer+"/"+name)
			}
		}
		return object
	case s.kind == "array":
		list := []any{}
		for range max(s.minLen, 0) + g.IntN(3) {
			list = append(list, g.value(s.items, pointer+"/0"))
		}
		return list
	case s.kind == "boolean":
		return g.oneIn(2)
	case s.kind == "integer":
		return int64(math.Round(g.number(s)))
	case s.kind == "number":
		return g.number(s)
	default:
		return g.text(s, pointer)
	}
}

// wants reports whether a place, or one below it, is wanted.
func (g *generator) wants(place string) bool {
	return slices.ContainsFunc(g.want, func(w string) bool { return w == place || strings.HasPrefix(w, place+"/") })
}

func (g *generator) number(s *schema) float64 {
	low, high := -1e9, 1e9
	if s.min != nil {
		low = *s.min
	}
	if s.max != nil {
		high = *s.max
	}
	return pick(g, []float64{low, high, (low + high) / 2, low + (high-low)*g.Float64(), low + min(1, high-low)})
}

func (g *generator) text(s *schema, pointer string) string {
	switch s.format {
	case "uuid":
		id := g.id().String()
		if s.entity != "" && g.entity != nil {
			id = g.entity(s.entity, pointer)
		}
		if g.oneIn(8) {
			id = strings.ToUpper(id) // input is case-insensitive (RFC 9562, section 4)
		}
		return id
	case "email":
		return g.email(s.maxLen)
	case "date-time":
		return g.time()
	case "date":
		return g.date()
	case "", "password", "decimal":
		return g.patterned(s)
	default:
		panic(fmt.Sprintf("the tester doesn't know the format %q", s.format))
	}
}

// id returns a random id of any version and variant, which no resource has.
func (g *generator) id() uuid.UUID {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(g.IntN(256))
	}
	return id
}

func (g *generator) word(letters string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(letters[g.IntN(len(letters))])
	}
	return b.String()
}

func (g *generator) email(longest int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	name := g.word(letters, 6+g.IntN(10)) + pick(g, []string{"", ".x", "+tag", "_y", "-z", "%a"}) + g.word(letters, 1)
	domain := pick(g, []string{"example.com", "a.b-c.example", "EXAMPLE.Org"})
	if room := longest - len(name) - len("@.example.com"); room > 0 && g.oneIn(6) {
		// The longest domain, in labels of at most 63 bytes (RFC 1035).
		labels := strings.Repeat(strings.Repeat("d", 62)+".", room/63+1)[:room-1]
		domain = strings.TrimSuffix(labels, ".") + strings.Repeat("e", len(labels)-len(strings.TrimSuffix(labels, "."))) + "x.example.com"
	}
	return name + "@" + domain
}

// date returns a date of RFC 3339, from the year 1 on. Some are the last day of a month, or a day
// without midnight in some time zone.
func (g *generator) date() string {
	if g.oneIn(3) {
		return pick(g, []string{"0001-01-01", "9999-12-31", "2024-02-29", "2000-02-29", "1900-02-28", "1582-10-10", "2011-12-30", "2026-03-29"})
	}
	return time.Date(1, 1, 1+g.IntN(3652059), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// time returns a time of RFC 3339, with any zone and any precision.
func (g *generator) time() string {
	t := time.Unix(g.Int64N(4e9)-1e9, g.Int64N(1e9)).UTC()
	if g.oneIn(6) {
		t = pick(g, []time.Time{
			time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC),
		})
		return t.Format(time.RFC3339Nano)
	}
	if g.oneIn(8) {
		return pick(g, []string{"2016-12-31T23:59:60Z", "1990-12-31T15:59:60-08:00", "2026-11-23t09:30:00.5z", "2026-11-23T09:30:00.1234567891-23:59"})
	}
	layout := pick(g, []string{time.RFC3339, time.RFC3339Nano, "2006-01-02T15:04:05.000000Z07:00"})
	return t.In(time.FixedZone("", (g.IntN(27)-13)*3600+pick(g, []int{0, 1800}))).Format(layout)
}

// pool has the characters of generated texts: allowed ones that often cause bugs.
var pool = []rune("aZ09 \t\n\"'\\/<>&%_;-$`{}äßİıſẞé\u0301\u0308שם\u202e\u200f\u200d\u2028\ufeff\ufffd\u0001\u001b\u007f\u0085\U0001f9ed\U0001f469\U0010ffff\ue000\u3000한漢")

// namePool has the characters of generated names.
var namePool = []rune("aZ09 \"'\\/<>&%_;-$`{}äßİıſẞé\u0301\u0308שם\ufffd\U0001f9ed\U0001f469\U0010ffff\ue000\u3000한漢")

// patterned generates a text that fits the patterns, with an allowed length, often the shortest or
// longest.
func (g *generator) patterned(s *schema) string {
	shortest, longest := max(s.minLen, 0), s.maxLen
	if longest < 0 {
		longest = shortest + 50
	}
	for range 1000 {
		var text string
		anchored := len(s.patterns) > 0 && strings.HasPrefix(s.patterns[0], "^")
		if anchored {
			text = g.match(s.patterns[0])
		} else {
			text = g.free(s, pick(g, []int{shortest, longest, shortest + g.IntN(longest-shortest+1), min(longest, shortest+1+g.IntN(12))}))
		}
		if n := utf8.RuneCountInString(text); n >= shortest && n <= longest && s.matches(text) {
			return text
		}
	}
	panic(fmt.Sprintf("the tester found no text for %+v", *s))
}

func (g *generator) free(s *schema, n int) string {
	text, from := make([]rune, n), pool
	if s.isName {
		from = namePool
	}
	for i := range text {
		text[i] = pick(g, from)
	}
	return string(text)
}

// match generates a text that matches a pattern.
func (g *generator) match(pattern string) string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	g.walk(&b, re)
	return b.String()
}

func (g *generator) walk(b *strings.Builder, re *syntax.Regexp) {
	repeat := func(low, high int) {
		n := low
		if high > low {
			n = pick(g, []int{low, high, low + g.IntN(high-low+1)})
		}
		for range n {
			g.walk(b, re.Sub[0])
		}
	}
	const many = 8
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(g.in(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteRune('a')
	case syntax.OpQuest:
		repeat(0, 1)
	case syntax.OpStar:
		repeat(0, many)
	case syntax.OpPlus:
		repeat(1, many)
	case syntax.OpRepeat:
		high := re.Max
		if high < 0 {
			high = re.Min + many
		}
		repeat(re.Min, high)
	case syntax.OpAlternate:
		g.walk(b, pick(g, re.Sub))
	case syntax.OpConcat, syntax.OpCapture:
		for _, part := range re.Sub {
			g.walk(b, part)
		}
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine:
	default:
		panic(fmt.Sprintf("the tester doesn't know %s of a pattern", re))
	}
}

// in returns a character of a class, a visible one if there is one.
func (g *generator) in(ranges []rune) rune {
	var visible []rune
	for i := 0; i < len(ranges); i += 2 {
		for r := max(ranges[i], '!'); r <= min(ranges[i+1], '~'); r++ {
			visible = append(visible, r)
		}
	}
	if visible == nil {
		return ranges[0]
	}
	return pick(g, visible)
}

package main

import (
	"regexp"
	"strings"
)

// marker is a function in a query that says when a condition is used.
type marker string

const (
	optional marker = "optional" // used if its parameter has a value
	search   marker = "search"   // like optional; PostgreSQL gets another text for it
	counted  marker = "counted"  // used only in the count of a list
)

// condition is a condition inside a marker.
type condition struct {
	marker    marker
	text      string // without the marker
	parameter string // its only parameter
	from, to  int    // its position in the query's text, with the marker
}

var (
	markerStart = regexp.MustCompile(`\b(optional|search|counted)\(`)
	beforeIt    = regexp.MustCompile(`(?:WHERE|AND)\s+$`)
	afterIt     = regexp.MustCompile(`^\s*(?:$|\)|(?:AND|ORDER BY|GROUP BY|LIMIT)\b)`)
	parameter   = regexp.MustCompile(`sqlc\.(n?arg)\('?(\w+)'?\)`)
	byHand      = regexp.MustCompile(`sqlc\.narg\('?\w+'?\)\s+IS\s+NULL`)
)

// conditionsOf returns the marked conditions of a query, in their order.
func conditionsOf(q query) ([]condition, error) {
	if at := byHand.FindStringIndex(q.text); at != nil {
		return nil, q.errorf(at[0], "write optional(<condition>) instead of <condition> OR sqlc.narg(x) IS NULL")
	}
	var conditions []condition
	for _, at := range markerStart.FindAllStringSubmatchIndex(q.text, -1) {
		c := condition{marker: marker(q.text[at[2]:at[3]]), from: at[0]}
		end := closing(q.text, at[1])
		if end < 0 {
			return nil, q.errorf(at[0], "%s( has no closing parenthesis", c.marker)
		}
		c.text, c.to = q.text[at[1]:end], end+1
		if !beforeIt.MatchString(q.text[:c.from]) || !afterIt.MatchString(q.text[c.to:]) {
			return nil, q.errorf(at[0], "%s(...) must be a whole condition after WHERE or AND", c.marker)
		}
		if markerStart.MatchString(c.text) {
			return nil, q.errorf(at[0], "%s(...) must not contain another marker", c.marker)
		}
		if err := c.findParameter(q); err != nil {
			return nil, err
		}
		conditions = append(conditions, c)
	}
	return conditions, nil
}

// findParameter finds the parameter of the condition. It must be the only one, be sqlc.narg
// (sqlc.arg in counted), and not occur outside the condition.
func (c *condition) findParameter(q query) error {
	want := "narg"
	if c.marker == counted {
		want = "arg"
	}
	found := parameter.FindAllStringSubmatch(c.text, -1)
	if len(found) != 1 || found[0][1] != want {
		return q.errorf(c.from, "%s(...) must have exactly one parameter, sqlc.%s", c.marker, want)
	}
	c.parameter = found[0][2]
	for _, other := range parameter.FindAllStringSubmatchIndex(q.text, -1) {
		if q.text[other[4]:other[5]] == c.parameter && (other[0] < c.from || other[0] > c.to) {
			return q.errorf(other[0], "the parameter %s of %s(...) must not be used elsewhere", c.parameter, c.marker)
		}
	}
	return nil
}

// closing returns the position of the parenthesis that closes the one before from; -1 if there is
// none.
func closing(text string, from int) int {
	depth := 1
	for i := from; i < len(text); i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// whenever returns the condition, extended to be true if the parameter is null. The condition comes
// first, because sqlc infers the parameter's type from its first use.
func (c condition) whenever() string {
	return "(" + c.text + " OR sqlc.narg(" + c.parameter + ") IS NULL)"
}

// expand returns the text of a query with each marker replaced by its condition.
func expand(text string, conditions []condition) string {
	var b strings.Builder
	from := 0
	for _, c := range conditions {
		b.WriteString(text[from:c.from])
		b.WriteString(c.whenever())
		from = c.to
	}
	b.WriteString(text[from:])
	return b.String()
}

package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/apitest"
)

// generated are the fields whose values can't be known in advance. In a reply all other fields are
// as in the document.
var generated = map[string]bool{
	"access_token": true, "refresh_token": true, "token": true, "link": true, // random, or signed
	"next_cursor": true, "checkpoint": true, "hash": true, // signed, or made from ids
	"latency_ms": true,
}

// comparison compares an example with a reply.
type comparison struct {
	known       map[string]bool   // ids that have to be equal in example and reply
	ids         map[string]string // the generated id in the reply, by the id in the example
	ignoreTimes bool
	differences []string
}

// added are fields that grow with each described resource, so examples need not have all their
// values.
var added = map[string]bool{"others": true}

// excerpts are lists of which examples show only some items.
var excerpts = map[string]bool{"permissions": true}

// excerpt returns the part of a reply that an example shows.
func excerpt(reply, example any) any {
	switch got := reply.(type) {
	case map[string]any:
		shown, _ := example.(map[string]any)
		maps.DeleteFunc(got, func(key string, _ any) bool { return shown[key] == nil })
	case []any:
		shown, _ := example.([]any)
		return slices.DeleteFunc(got, func(member any) bool { return !slices.Contains(shown, member) })
	}
	return reply
}

// differences lists where a reply differs from the example.
func (w *exampleWorld) differences(example, reply any) []string {
	c := comparison{known: w.known, ids: map[string]string{}, ignoreTimes: w.isClockRunning}
	c.compare("", "", example, reply)
	return c.differences
}

func (c *comparison) differf(at, format string, args ...any) {
	c.differences = append(c.differences, at+": "+ellipsis(fmt.Sprintf(format, args...)))
}

func (c *comparison) compare(at, name string, example, reply any) {
	switch shown := example.(type) {
	case map[string]any:
		got, ok := reply.(map[string]any)
		if !ok {
			c.differf(at, "the example is an object, the reply %v", reply)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(got)) {
			if _, ok := shown[key]; !ok && !added[key] {
				c.differf(at+"/"+key, "the example lacks it, the reply has %v", got[key])
			}
		}
		for _, key := range slices.Sorted(maps.Keys(shown)) {
			value, ok := got[key]
			if !ok {
				c.differf(at+"/"+key, "the example has %v, the reply lacks it", shown[key])
				continue
			}
			if excerpts[key] {
				value = excerpt(value, shown[key])
			}
			c.compare(at+"/"+key, key, shown[key], value)
		}
	case []any:
		got, ok := reply.([]any)
		if !ok || len(got) != len(shown) {
			c.differf(at, "the example has %v, the reply %v", shown, reply)
			return
		}
		for i := range shown {
			c.compare(fmt.Sprintf("%s/%d", at, i), name, shown[i], got[i])
		}
	default:
		if !c.same(name, example, reply) {
			c.differf(at, "the example has %v, the reply %v", example, reply)
		}
	}
}

// same reports whether two values are equal, or have the same form if their values are generated.
func (c *comparison) same(name string, example, reply any) bool {
	if example == reply {
		return true
	}
	if fmt.Sprintf("%T", example) != fmt.Sprintf("%T", reply) {
		return false
	}
	shown, isText := example.(string)
	if !isText {
		return generated[name]
	}
	got, _ := reply.(string)
	switch {
	case uuid.Validate(shown) == nil:
		return c.sameID(shown, got)
	case c.ignoreTimes && isTime(shown):
		return isTime(got)
	default:
		return generated[name] && skeleton(shown) == skeleton(got)
	}
}

// sameID reports whether two generated ids match: equal ids in the example have to be equal in the
// reply.
func (c *comparison) sameID(shown, got string) bool {
	if c.known[shown] || c.known[got] || uuid.Validate(got) != nil {
		return false
	}
	if before, ok := c.ids[shown]; ok {
		return before == got
	}
	c.ids[shown] = got
	return true
}

func isTime(text string) bool {
	_, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && len(text) == len("2026-12-07T09:30:00.000000Z")
}

var words = regexp.MustCompile(`[A-Za-z0-9_-]+`)

// skeleton returns a text without its words.
func skeleton(text string) string { return words.ReplaceAllString(text, "x") }

// shows lists how the reply differs from an example of its media type.
func (w *exampleWorld) shows(mediaType string, media *openapi3.MediaType, example any, reply apitest.Reply) []string {
	if got, _, _ := strings.Cut(reply.Header.Get("Content-Type"), ";"); got != mediaType {
		return []string{"the reply is " + got + " and not " + mediaType}
	}
	text, isText := example.(string)
	if !isText {
		var body any
		if err := json.Unmarshal(reply.Body, &body); err != nil {
			return []string{err.Error()}
		}
		if s := media.Schema.Value; len(s.Properties) == 0 && len(s.AllOf) == 0 {
			body = excerpt(body, example) // an object without a schema of its own
		}
		return w.differences(example, body)
	}
	var differences []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if !slices.ContainsFunc(strings.Split(string(reply.Body), "\n"), func(got string) bool { return w.sameLine(line, strings.TrimRight(got, "\r")) }) {
			differences = append(differences, "the reply has no line "+line)
		}
	}
	return differences
}

// sameLine compares two lines of text; lines of JSON are compared as JSON.
func (w *exampleWorld) sameLine(shown, got string) bool {
	var example, reply any
	if json.Unmarshal([]byte(shown), &example) == nil && json.Unmarshal([]byte(got), &reply) == nil {
		return len(w.differences(example, reply)) == 0
	}
	return shown == got
}

// headerValue returns the example of a header in the form in which it is sent.
func headerValue(h *openapi3.Header) string {
	if number, ok := h.Example.(float64); ok {
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return fmt.Sprint(h.Example)
}

// numbers matches the parts of a header that differ from reply to reply: numbers, ids, times and
// cursors.
var numbers = regexp.MustCompile(`[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*`)

// showsHeader reports whether the example of a header is a possible value of the reply's header.
func showsHeader(example string, name string, header http.Header) bool {
	shape := func(value string) string { return numbers.ReplaceAllString(value, "0") }
	return slices.ContainsFunc(header.Values(name), func(got string) bool { return shape(got) == shape(example) })
}

// ellipsis shortens a long text.
func ellipsis(text string) string {
	const most = 300
	if len(text) <= most {
		return text
	}
	return text[:most] + "..."
}

package document_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/errs"
)

// reading collects what the document should explain but doesn't.
type reading struct {
	missing []string
	seen    map[*openapi3.Schema]bool // by direction, because the rules differ
}

func (r *reading) miss(at, what string) { r.missing = append(r.missing, at+": "+what) }

// direction is whether clients send or receive the values of a schema. Sent values need limits;
// received ones only need explanations.
type direction bool

const (
	sent     direction = true
	received direction = false
)

func TestDocumentExplainsEverything(t *testing.T) {
	t.Parallel()
	doc, err := document.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := &reading{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			r.operation(method+" "+path, item, op)
		}
	}
	for name, schema := range doc.Components.Schemas {
		if description(schema.Value) == "" {
			r.miss("schema "+name, "no description")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Responses)) {
		r.failure("response "+name, doc.Components.Responses[name].Value)
	}
	r.introduction(doc)
	slices.Sort(r.missing)
	for _, m := range slices.Compact(r.missing) {
		t.Error(m)
	}
}

func (r *reading) operation(at string, item *openapi3.PathItem, op *openapi3.Operation) {
	if op.Summary == "" || strings.HasSuffix(op.Summary, ".") {
		r.miss(at, "no summary, or one that is a sentence")
	}
	if len(strings.Fields(op.Description)) < 5 {
		r.miss(at, "no description that says more than the summary")
	}
	for _, p := range slices.Concat(item.Parameters, op.Parameters) {
		r.value(at+" parameter "+p.Value.Name, p.Value.Description, p.Value.Example, p.Value.Schema, sent)
	}
	if op.RequestBody != nil {
		r.media(at+" request", op.RequestBody.Value.Content, sent)
	}
	for status, response := range op.Responses.Map() {
		here := at + " " + status
		if response.Value.Description == nil || *response.Value.Description == "" {
			r.miss(here, "no description of when it comes")
		}
		for name, header := range response.Value.Headers {
			r.value(here+" header "+name, header.Value.Description, header.Value.Example, header.Value.Schema, received)
		}
		r.media(here, response.Value.Content, received)
	}
}

func (r *reading) media(at string, content openapi3.Content, way direction) {
	for name, media := range content {
		if strings.HasSuffix(name, "json") && media.Example == nil && len(media.Examples) == 0 {
			r.miss(at, "no example")
		}
		if media.Schema != nil {
			r.schema(at, media.Schema.Value, way)
		}
	}
}

// failure checks that a shared error reply names its codes: all must have the status of the
// example, and the code of the example must be among them.
func (r *reading) failure(at string, response *openapi3.Response) {
	example, _ := response.Content["application/problem+json"].Example.(map[string]any)
	named := false
	for _, quoted := range quotes.FindAllStringSubmatch(*response.Description, -1) {
		code := errs.Code(quoted[1])
		named = named || quoted[1] == example["code"]
		if slices.Contains(errs.Codes(), code) && float64(code.Status()) != example["status"] {
			r.miss(at, "it names "+quoted[1]+", whose status differs")
		}
	}
	if !named {
		r.miss(at, "its description doesn't name the code of its example")
	}
}

var (
	quotes = regexp.MustCompile("`([a-z_]+)`")
	rows   = regexp.MustCompile("(?m)^\\| \\[`(\\w+)`\\]\\(/errors/(\\w+)\\) \\| (\\d+) \\| (.+) \\|$")
)

// introduction checks that the introduction has its headings and a table of all codes.
func (r *reading) introduction(doc *openapi3.T) {
	const at = "introduction"
	for _, heading := range []string{"Log in", "Lists", "Concurrency", "Errors", "Limits"} {
		if !strings.Contains(doc.Info.Description, "\n# "+heading+"\n") {
			r.miss(at, "no heading "+heading)
		}
	}
	want := map[string]bool{}
	for _, code := range errs.Codes() {
		want[fmt.Sprint(code, code, code.Status(), code.Title())] = true
	}
	for _, row := range rows.FindAllStringSubmatch(doc.Info.Description, -1) {
		status, _ := strconv.Atoi(row[3])
		if said := fmt.Sprint(errs.Code(row[1]), errs.Code(row[2]), status, row[4]); !want[said] {
			r.miss(at, "there is no such code, or it has another status or title: "+row[0])
		} else {
			delete(want, said)
		}
	}
	for _, missing := range slices.Sorted(maps.Keys(want)) {
		r.miss(at, "its table lacks "+missing)
	}
}

// schema checks a schema and everything inside it.
func (r *reading) schema(at string, s *openapi3.Schema, way direction) {
	if r.seen == nil {
		r.seen = map[*openapi3.Schema]bool{}
	}
	if done, ok := r.seen[s]; ok && (done == bool(sent) || way == received) {
		return // recursive, or already checked for the same direction
	}
	r.seen[s] = bool(way)
	for _, part := range s.AllOf {
		r.schema(at, part.Value, way)
	}
	for name, property := range s.Properties {
		r.value(at+" field "+name, "", nil, property, way)
	}
	if s.AdditionalProperties.Schema != nil {
		r.schema(at+" field *", s.AdditionalProperties.Schema.Value, way)
	}
	if s.Items != nil {
		r.schema(at+" items", s.Items.Value, way)
	}
}

// value checks a field, parameter or header. Its description may be beside the schema or in it.
func (r *reading) value(at, text string, example any, ref *openapi3.SchemaRef, way direction) {
	s := ref.Value
	if text == "" {
		text = description(s)
	}
	if text == "" {
		r.miss(at, "no description")
	}
	if example == nil {
		example = s.Example
	}
	if example == nil && !showsItself(s) {
		r.miss(at, "no example")
	}
	if s.Type.Is(openapi3.TypeInteger) || s.Type.Is(openapi3.TypeNumber) {
		if s.Min == nil || way == sent && s.Max == nil {
			r.miss(at, "a number without its range")
		}
		if !unit.MatchString(text) {
			r.miss(at, "a number whose description has no unit: "+strconv.Quote(text))
		}
	}
	if way == sent && s.Type.Is(openapi3.TypeString) && !isBounded(s) {
		r.miss(at, "a text of any length")
	}
	if message, _ := s.Extensions["x-message"].(string); way == sent && s.Pattern != "" && s.Pattern != `\S` && s.Format != "decimal" && message == "" {
		r.miss(at, "a pattern without x-message, which tells a person what fits it")
	}
	r.schema(at, s, way)
}

// unit matches the unit of a number, or words for a number of things.
var unit = regexp.MustCompile(`(?i)\b(seconds|milliseconds|degrees|HTTP status|how (many|often|much)|the (most|(maximum )?number)|counts)\b|\bits number\b`)

func description(s *openapi3.Schema) string {
	text := s.Description
	for _, part := range s.AllOf {
		if text == "" {
			text = part.Value.Description
		}
	}
	return text
}

// showsItself reports whether a value needs no example: it has few possible values or a standard
// form, or it is an object or a list of objects.
func showsItself(s *openapi3.Schema) bool {
	switch {
	case s.Type.Is(openapi3.TypeArray):
		return s.Items.Value.Example != nil || !s.Items.Value.Type.Is(openapi3.TypeString) || len(s.Items.Value.Enum) > 0
	case s.Type.Is(openapi3.TypeString):
		return len(s.Enum) > 0 || s.Format == "uuid" || s.Format == "date-time"
	default:
		return !s.Type.Is(openapi3.TypeInteger) && !s.Type.Is(openapi3.TypeNumber)
	}
}

// isBounded reports whether a text has a maximal length.
func isBounded(s *openapi3.Schema) bool {
	bounded := strings.HasPrefix(s.Pattern, "^") && strings.HasSuffix(s.Pattern, "$") && !strings.ContainsAny(s.Pattern, "+*")
	return s.MaxLength != nil || bounded || len(s.Enum) > 0 || slices.Contains([]string{"uuid", "date", "date-time"}, s.Format)
}

package proptest

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/document"
)

// operationOf returns the operation with this id.
func operationOf(t *testing.T, id string) operation {
	t.Helper()
	read, err := readOperation(apitest.Operation(t, id))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestJudge(t *testing.T) {
	t.Parallel()
	refused := func(code, place, rule string) string {
		return `{"code":"` + code + `","errors":[{"pointer":"` + place + `","detail":"","code":"` + rule + `"}]}`
	}
	for _, tc := range []struct {
		name, operation string
		attempt         attempt
		status          int
		body, want      string
	}{
		{"success", "createCompany", attempt{}, 201, `{}`, ""},
		{"server error", "createCompany", attempt{}, 500, `{}`, "an error of the server"},
		{"server error for a forbidden request", "createCompany", attempt{status: 422}, 500, `{}`, "an error of the server"},
		{"forbidden and accepted", "createCompany", attempt{status: 422}, 201, `{}`, "accepted, and the document forbids it"},
		{"forbidden and refused", "createCompany", attempt{status: 422, place: "/name"}, 422, refused("validation_failed", "/name", "required"), ""},
		{"refused for another place", "createCompany", attempt{status: 422, place: "/name"}, 422, refused("validation_failed", "/code", "required"), `the refusal doesn't name "/name"`},
		{"refused with another status", "createCompany", attempt{status: 415}, 422, `{}`, "refused with 422, where 415 was expected"},
		{"allowed and refused", "createCompany", attempt{}, 422, refused("validation_failed", "/name", "too_long"), "refused, and the document allows it"},
		{"a sufficient role", "createCompany", attempt{}, 403, `{}`, "refused, and the document allows it"},
		{"a valid token", "createCompany", attempt{}, 401, `{"code":"invalid_token"}`, "refused, and the document allows it"},
		{"a rate limit", "createCompany", attempt{}, 429, `{}`, "refused, and the document allows it"},
		{"a conflict", "createCompany", attempt{}, 409, `{"code":"already_exists"}`, ""},
		{"a failed precondition", "updateCompany", attempt{header: http.Header{"If-Match": {`"7"`}}}, 412, `{}`, ""},
		{"a failed precondition without a header", "updateCompany", attempt{}, 412, `{}`, "refused, and the document allows it"},
		{"not modified without a header", "getCompany", attempt{}, 304, ``, "refused, and the document allows it"},
		{"missing", "getCompany", attempt{missing: true}, 404, `{}`, ""},
		{"missing and found", "getCompany", attempt{missing: true}, 200, `{}`, "success for an id that is missing or of another tenant"},
		{"existing and not found", "getCompany", attempt{}, 404, `{}`, "refused, and the document allows it"},
		{"a dangling reference that is accepted", "createBranch", attempt{dangling: true}, 201, `{}`, "success although a field refers to a missing id or one of another tenant"},
		{"a reference", "createBranch", attempt{}, 400, refused("unknown_reference", "/company_id", "unknown_reference"), ""},
		{"a reference error for another field", "createBranch", attempt{}, 400, refused("unknown_reference", "/name", "unknown_reference"), "refused, and the document allows it"},
		{"a rule", "deleteTenant", attempt{places: map[string]bool{"confirm_code": true}}, 422, refused("validation_failed", "confirm_code", "wrong"), ""},
		{"a rule for a correct value", "deleteTenant", attempt{places: map[string]bool{"confirm_code": false}}, 422, refused("validation_failed", "confirm_code", "wrong"), "refused, and the document allows it"},
		{"another operation's rule", "createCompany", attempt{places: map[string]bool{"confirm_code": true}}, 422, refused("validation_failed", "confirm_code", "wrong"), "refused, and the document allows it"},
		{"a generated password", "login", attempt{places: map[string]bool{"/password": true}}, 401, `{"code":"invalid_credentials"}`, ""},
		{"the right password", "login", attempt{places: map[string]bool{"/password": false}}, 401, `{"code":"invalid_credentials"}`, "refused, and the document allows it"},
		{"a page", "listCompanies", attempt{query: url.Values{"limit": {"1"}}}, 200, `{"items":[{}],"next_cursor":null}`, ""},
		{"too many items", "listCompanies", attempt{query: url.Values{"limit": {"1"}}}, 200, `{"items":[{},{}],"next_cursor":null}`, "2 items, where at most 1 were asked for"},
		{"no Link", "listCompanies", attempt{}, 200, `{"items":[{}],"next_cursor":"c"}`, `the header Link "" doesn't lead to next_cursor "c"`},
		{"no problem", "createCompany", attempt{status: 422}, 422, `<html>`, "the error isn't problem+json"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.attempt.op = operationOf(t, tc.operation)
			if got := tc.attempt.judge(apitest.Reply{Status: tc.status, Body: []byte(tc.body)}); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

// TestGeneratedValuesMatchTheirSchemas compares the generated values with the library's validator.
// The tester doesn't use it, but must not contradict it.
func TestGeneratedValuesMatchTheirSchemas(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"createUser", "createTenant", "createBranch", "changePassword"} {
		op := operationOf(t, id)
		schema := op.Spec.RequestBody.Value.Content[jsonType].Schema.Value
		for seed := range uint64(50) {
			g := &generator{Rand: newRand(seed)}
			if value := g.value(op.body, ""); schema.VisitJSON(decoded(t, encode(g, value)), document.SchemaOptions()...) != nil {
				t.Errorf("%s: the schema forbids %v", id, value)
			}
		}
		for _, p := range places("", op.body) {
			for _, v := range inBody(p.schema) {
				text := encode(nil, v.value)
				if strings.Contains(text, `\u`) || !utf8.ValidString(text) || strings.HasPrefix(v.name, noName) {
					continue // not JSON, or the library's validator lacks the rule
				}
				if err := op.schemaAt(p.pointer).VisitJSON(decoded(t, text), document.SchemaOptions()...); err == nil {
					t.Errorf("%s %s: %s is allowed", id, p.pointer, v.name)
				}
			}
		}
	}
}

// No built-in operation has these formats.
func TestDatesAndDecimals(t *testing.T) {
	t.Parallel()
	for name, schema := range map[string]*openapi3.Schema{
		"date":                openapi3.NewStringSchema().WithFormat("date"),
		"amount":              openapi3.NewStringSchema().WithFormat("decimal").WithPattern(document.DecimalPattern(14, 2)),
		"whole number":        openapi3.NewStringSchema().WithFormat("decimal").WithPattern(document.DecimalPattern(19, 0)),
		"number without sign": openapi3.NewStringSchema().WithFormat("decimal").WithPattern(strings.Replace(document.DecimalPattern(3, 2), "-?", "", 1)),
	} {
		s, err := read(schema)
		if err != nil {
			t.Fatal(err)
		}
		made := map[string]bool{}
		for seed := range uint64(200) {
			g := &generator{Rand: newRand(seed)}
			value := g.text(s, "")
			if err := schema.VisitJSON(value, document.SchemaOptions()...); err != nil {
				t.Errorf("%s: the schema forbids %s", name, value)
			}
			made[value] = true
		}
		if len(made) < 50 {
			t.Errorf("%s: generated only %d different values", name, len(made))
		}
		broken := texts(s)
		for _, v := range broken {
			if err := schema.VisitJSON(v.value, document.SchemaOptions()...); err == nil {
				t.Errorf("%s: %s is allowed", name, v.name)
			}
		}
		if len(broken) < 20 {
			t.Errorf("%s: only %d violations", name, len(broken))
		}
	}
}

func TestSeedDeterminesTheBody(t *testing.T) {
	t.Parallel()
	op := operationOf(t, "createBranch")
	bodyOf := func(seed uint64) string {
		g := &generator{Rand: newRand(seed)}
		return encode(g, g.value(op.body, ""))
	}
	first, again, another := bodyOf(1), bodyOf(1), bodyOf(2)
	if first != again || first == another {
		t.Error("equal seeds must give equal bodies, and different seeds different ones")
	}
}

// TestCurlLinesRepeatTheRequest runs the curl commands in a shell.
func TestCurlLinesRepeatTheRequest(t *testing.T) {
	t.Parallel()
	body := "{\"a\":\"it's \\u0000 \xff \U0001f9ed\n$HOME `id` \\\\ hunter2\"}"
	for _, padding := range []int{0, 3} {
		r := request{method: "POST", path: "/x", query: "q=it's", header: http.Header{"Authorization": {"Bearer hunter2"}}, body: body, padding: padding}
		line := r.curl(map[string]string{"TOKEN": "hunter2"})
		if strings.Contains(line, "hunter2") {
			t.Errorf("the line contains the secret: %s", line)
		}
		script := `URL=http://server; TOKEN=hunter2; curl() { printf '%s|' "$@"; if [[ ${!#} == @- ]]; then cat; fi; }; ` + line
		out, err := exec.CommandContext(t.Context(), "bash", "-c", script).Output()
		want := "-i|-X|POST|http://server/x?q=it's|-H|Authorization: Bearer hunter2|--data-binary|" + body + "|"
		if padding > 0 {
			want = "-i|-X|POST|http://server/x?q=it's|-H|Authorization: Bearer hunter2|--data-binary|@-|" + body + "   "
		}
		if err != nil || string(out) != want {
			t.Errorf("%v\n%q\nwant\n%q\nof %s", err, out, want, line)
		}
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func decoded(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return value
}

// schemaAt returns the document's schema of a field.
func (o operation) schemaAt(pointer string) *openapi3.Schema {
	s := o.Spec.RequestBody.Value.Content[jsonType].Schema.Value
	for _, name := range steps(pointer) {
		s = property(s, name)
	}
	return s
}

func property(s *openapi3.Schema, name string) *openapi3.Schema {
	if p := s.Properties[name]; p != nil {
		return p.Value
	}
	for _, part := range s.AllOf {
		if p := property(part.Value, name); p != nil {
			return p
		}
	}
	return nil
}

func TestJudgeOfMessages(t *testing.T) {
	t.Parallel()
	for body, fine := range map[string]bool{
		`{}`: false, `{"errors":[]}`: false,
		`{"errors":[{"pointer":"/a","detail":"Use 100 or less."}]}`:                                                     true,
		`{"errors":[{"pointer":"/a","detail":"Use 100 or less."},{"pointer":"/b","detail":"Use 100 or less."}]}`:        true,
		`{"errors":[{"pointer":"/a","detail":"Use 100 or less."},{"pointer":"/a","detail":"This must not be blank."}]}`: false,
		`{"errors":[{"pointer":"/a","detail":"must be at most 100"}]}`:                                                  false,
		`{"errors":[{"pointer":"/a","detail":"Use 1e+09 or less."}]}`:                                                   false,
		`{"errors":[{"pointer":"/a","detail":"This must match ^[A-Z]$."}]}`:                                             false,
		`{"errors":[{"parameter":"a","detail":"Use at least 12 bytes."}]}`:                                              false,
		`{"errors":[{"parameter":"a","detail":"There is no such parameter."},{"pointer":"/a","detail":"Use a text."}]}`: true,
	} {
		if got := judgeMessages(apitest.Reply{Status: 422, Body: []byte(body)}); (got == "") != fine {
			t.Errorf("%s: %q, want fine %t", body, got, fine)
		}
	}
}

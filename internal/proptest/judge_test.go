package proptest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// judge describes what is wrong with a reply, or returns "". The transport has already compared the
// reply with the document.
func (a *attempt) judge(r apitest.Reply) string {
	var p api.Problem
	if r.Status >= http.StatusBadRequest {
		if err := json.Unmarshal(r.Body, &p); err != nil && a.op.ID != "getHealth" && !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
			return "the error isn't problem+json"
		}
	}
	switch {
	case r.Status >= http.StatusInternalServerError:
		return "an error of the server"
	case a.status != 0:
		return a.judgeForbidden(r, p)
	case a.missing && r.Status < http.StatusBadRequest:
		return "success for an id that is missing or of another tenant"
	case a.dangling && r.Status < http.StatusBadRequest:
		return "success although a field refers to a missing id or one of another tenant"
	case r.Status < http.StatusMultipleChoices:
		return a.judgePage(r)
	default:
		return a.judgeRefusal(r.Status, p)
	}
}

// judgeMessages describes what is wrong with the errors of a refusal. A 422 has at least one. Each
// place occurs once, and its message is a sentence for people.
func judgeMessages(r apitest.Reply) string {
	var p api.Problem
	if r.Status < http.StatusBadRequest || r.Status >= http.StatusInternalServerError || json.Unmarshal(r.Body, &p) != nil ||
		p.Code == "malformed_json" { // a message for programmers
		return ""
	}
	if r.Status == http.StatusUnprocessableEntity && len(p.Errors) == 0 {
		return "no place is named"
	}
	seen := map[string]bool{}
	for _, f := range p.Errors {
		at := placeOf(f)
		if seen[at] {
			return fmt.Sprintf("%q is named twice", at)
		}
		seen[at] = true
		if !sentence.MatchString(f.Detail) || program.MatchString(f.Detail) {
			return fmt.Sprintf("the message for %q isn't a sentence for people: %s", at, f.Detail)
		}
	}
	return ""
}

var (
	sentence = regexp.MustCompile(`^[A-Z].*[.]$`)
	program  = regexp.MustCompile(`[\^$\\]|\de[+-]\d|must match|bytes`)
)

func (a *attempt) judgeForbidden(r apitest.Reply, p api.Problem) string {
	switch {
	case r.Status < http.StatusBadRequest:
		return "accepted, and the document forbids it"
	case r.Status != a.status:
		return fmt.Sprintf("refused with %d, where %d was expected", r.Status, a.status)
	case a.place != "" && !slices.ContainsFunc(p.Errors, func(f api.ProblemField) bool { return placeOf(f) == a.place }):
		return fmt.Sprintf("the refusal doesn't name %q", a.place)
	}
	return ""
}

// judgePage describes what is wrong with a page of a list. It has at most as many items as
// requested, and a Link if there are more.
func (a *attempt) judgePage(r apitest.Reply) string {
	if a.op.parameters["cursor"] == nil {
		return ""
	}
	var page struct {
		Items      []json.RawMessage
		NextCursor string `json:"next_cursor"`
	}
	if err := json.Unmarshal(r.Body, &page); err != nil {
		return "not a page of a list: " + err.Error()
	}
	if limit, err := strconv.Atoi(a.query.Get("limit")); err == nil && len(page.Items) > limit {
		return fmt.Sprintf("%d items, where at most %d were asked for", len(page.Items), limit)
	}
	if next := url.QueryEscape(page.NextCursor); (next != "") != (r.Header.Get("Link") != "") || !strings.Contains(r.Header.Get("Link"), next) {
		return fmt.Sprintf("the header Link %q doesn't lead to next_cursor %q", r.Header.Get("Link"), page.NextCursor)
	}
	return ""
}

// judgeRefusal judges the refusal of an allowed request.
func (a *attempt) judgeRefusal(status int, p api.Problem) string {
	var fine bool
	switch status {
	case http.StatusNotModified:
		fine = a.header.Get("If-None-Match") != ""
	case http.StatusPreconditionFailed:
		fine = a.header.Get("If-Match") != "" || a.header.Get("If-None-Match") != "" && a.op.Method != http.MethodGet
	case http.StatusNotFound:
		fine = a.missing || a.namesNothing()
	case http.StatusConflict:
		fine = true // this depends on the existing data; the transport checks that the document has the status
	case http.StatusUnauthorized, http.StatusBadRequest:
		fine = p.Code == credentials[a.op.ID] && a.isMadeUp() || p.Code == "unknown_reference" && a.onlyReferences(p)
	case http.StatusUnprocessableEntity:
		fine = len(p.Errors) > 0 && !slices.ContainsFunc(p.Errors, func(f api.ProblemField) bool { return !a.hasRule(f) })
	}
	if fine {
		return ""
	}
	return "refused, and the document allows it"
}

// namesNothing reports whether the id in a parameter was generated.
func (a *attempt) namesNothing() bool {
	return slices.ContainsFunc(a.op.References, func(r access.Reference) bool { return r.Parameter != "" && a.places[r.Parameter] })
}

// isMadeUp reports whether a value was generated that the program has to know.
func (a *attempt) isMadeUp() bool {
	for place, madeUp := range a.places {
		if madeUp && known[a.op.ID+" "+place] != nil {
			return true
		}
	}
	return false
}

func (a *attempt) onlyReferences(p api.Problem) bool {
	return len(p.Errors) > 0 && !slices.ContainsFunc(p.Errors, func(f api.ProblemField) bool {
		return !slices.ContainsFunc(a.op.References, func(r access.Reference) bool { return r.Pointer != "" && r.Pointer == placeOf(f) })
	})
}

func (a *attempt) hasRule(f api.ProblemField) bool {
	return slices.ContainsFunc(rules, func(r rule) bool {
		return (a.places[r.place] || a.places[r.or]) && (r.operation == "" || r.operation == a.op.ID) && r.place == placeOf(f) && r.code == f.Code
	})
}

func placeOf(f api.ProblemField) string {
	if f.Pointer != nil {
		return *f.Pointer
	}
	if f.Parameter != nil {
		return *f.Parameter
	}
	return ""
}

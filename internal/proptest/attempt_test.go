package proptest

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/middleware"
)

const jsonType = "application/json"

// operation is an operation of the document with its parsed schemas.
type operation struct {
	access.Operation

	body       *schema // nil if it takes none
	parameters map[string]*schema
	replies    []string // media types of successful replies
}

func readOperation(op access.Operation) (operation, error) {
	o := operation{Operation: op, parameters: map[string]*schema{}}
	for _, p := range op.Parameters {
		s, err := read(p.Schema.Value)
		if err != nil {
			return o, err
		}
		if entity, ok := p.Extensions["x-entity"].(string); ok {
			s.entity = entity
		}
		o.parameters[p.Name] = s
	}
	for status, reply := range op.Spec.Responses.Map() {
		if strings.HasPrefix(status, "2") {
			o.replies = slices.AppendSeq(o.replies, maps.Keys(reply.Value.Content))
		}
	}
	slices.Sort(o.replies)
	if op.Spec.RequestBody != nil {
		var err error
		if o.body, err = read(op.Spec.RequestBody.Value.Content[jsonType].Schema.Value); err != nil {
			return o, err
		}
	}
	return o, nil
}

// attempt is a request, with what its generation reveals about the expected reply.
type attempt struct {
	op       operation
	name     string
	by       *caller
	id       string // in the path
	query    url.Values
	rawQuery string // replaces query
	header   http.Header
	body     any
	text     string // replaces the encoded body
	hasBody  bool
	padding  int

	places   map[string]bool // places with a value: true if the value was generated
	missing  bool            // the id in the path doesn't exist in the tenant
	dangling bool            // a field of the body has an id that doesn't exist in the tenant
	// status and place describe the refusal of a forbidden request; allowed ones have none.
	status int
	place  string
}

// newAttempt generates an allowed request. If g.few, it has only the required parts, with values
// that lead to a success.
func newAttempt(g *generator, w *world, op operation, foreign *world) *attempt {
	few := g.few
	a := &attempt{op: op, by: w.caller(role(g, op, few)), query: url.Values{}, header: http.Header{}, places: map[string]bool{}}
	var about thing
	if op.Entity != "" {
		about = w.another(op.Entity, a.by)
		w.prepare(op.Operation, about)
		a.id = about.id
		if !few && g.oneIn(6) {
			a.missing, a.id = true, g.id().String()
			if op.RequiredRole != access.Superuser && g.oneIn(2) {
				a.id = foreign.one(op.Entity, foreign.caller(a.by.role)).id
			}
		} else if !few && g.oneIn(8) {
			a.id = strings.ToUpper(a.id)
		}
	}
	if op.Entity == "" && op.Method == http.MethodGet && op.RequiredRole != access.Anon {
		w.fill()
	}
	g.used = func(place string) { a.places[place] = true }
	g.known = func(place string) (any, bool) {
		find := known[op.ID+" "+place]
		if find == nil || !few && g.oneIn(4) {
			return nil, false
		}
		value := find(w, a.by, about)
		a.places[place] = value == ""
		return value, value != ""
	}
	g.entity = func(name, place string) string {
		a.places[place] = false
		if few || !g.oneIn(8) {
			return w.one(name, a.by).id
		}
		a.places[place] = true
		a.dangling = a.dangling || strings.HasPrefix(place, "/")
		if g.oneIn(2) && name != access.AnyEntity {
			return foreign.one(name, foreign.caller(access.Admin)).id
		}
		return g.id().String()
	}
	if op.RequiredRole != access.Anon {
		a.header.Set("Authorization", "Bearer "+a.by.actor.AccessToken)
	}
	// A random address, because wrong passwords are counted by address.
	a.header.Set("X-Forwarded-For", "10."+strconv.Itoa(g.IntN(256))+"."+strconv.Itoa(g.IntN(256))+"."+strconv.Itoa(1+g.IntN(254)))
	a.fillParameters(g, w)
	if op.body != nil && (few || op.Spec.RequestBody.Value.Required || !g.oneIn(3)) {
		a.hasBody, a.body = true, g.value(op.body, "")
		a.header.Set("Content-Type", jsonType)
	}
	if !few {
		a.vary(g)
	}
	return a
}

// optional returns the optional places of a request, each with the other places that it needs.
func (o operation) optional() map[string][]string {
	list := map[string][]string{}
	for _, p := range o.Parameters {
		if p.In != openapi3.ParameterInPath {
			list[p.Name] = []string{p.Name}
		}
	}
	if o.body == nil {
		return list
	}
	var references []string
	for _, r := range o.References {
		references = append(references, r.Pointer)
	}
	for _, p := range places("", o.body) {
		list[p.pointer] = []string{p.pointer}
		if slices.Contains(references, p.pointer) {
			list[p.pointer] = references // a branch belongs to a company
		}
	}
	return list
}

// role returns a role that may call the operation. For an operation without a log-in it is the role
// of the user whose credentials are sent.
func role(g *generator, op operation, least bool) access.Role {
	may := slices.DeleteFunc(slices.Clone(roles), func(r access.Role) bool { return !r.Satisfies(op.RequiredRole) })
	if op.RequiredRole == access.Anon {
		may = []access.Role{access.Viewer}
	}
	if least {
		return may[0]
	}
	return pick(g, may)
}

func (a *attempt) fillParameters(g *generator, w *world) {
	paged := a.op.parameters["cursor"] != nil && (g.wants("cursor") || !g.few && g.oneIn(3))
	rarity := 3
	if paged {
		rarity = 8 // with many filters the list would have no second page
	}
	for _, p := range a.op.Parameters {
		s := a.op.parameters[p.Name]
		switch {
		case p.In == openapi3.ParameterInPath && a.op.Entity == "":
			a.id = text(g.value(s, p.Name))
			a.missing = a.places[p.Name]
		case p.In == openapi3.ParameterInPath || p.Name == "cursor":
		case p.Name == "tenant_id":
			if a.by.role == access.Superuser || g.wants(p.Name) || !g.few && g.oneIn(3) {
				a.places[p.Name] = false
				a.query.Set(p.Name, w.tenant.ID.String())
			}
		case !p.Required && !g.wants(p.Name) && (g.few || !g.oneIn(rarity)):
		case p.In == openapi3.ParameterInHeader:
			a.places[p.Name] = true
			a.header.Set(p.Name, g.tags(p.Name, s.maxLen))
		case p.Name == "limit" && g.oneIn(2):
			a.places[p.Name] = true
			a.query.Set(p.Name, "1") // the world has two things of each entity
		default:
			a.query.Set(p.Name, text(g.value(s, p.Name)))
		}
	}
	if paged {
		s := a.op.parameters["cursor"]
		if cursor := w.cursor(a.op.Operation, a.by, maps.Clone(a.query)); cursor != "" && (g.few || !g.oneIn(3)) {
			a.places["cursor"] = false
			a.query.Set("cursor", cursor)
		} else {
			a.query.Set("cursor", text(g.value(s, "cursor")))
		}
	}
}

// tags returns a header with entity tags, or another allowed value.
func (g *generator) tags(name string, longest int) string {
	switch {
	case g.few && name == "If-Match":
		return "*"
	case g.few:
		return `"0"` // no resource has this version
	}
	return pick(g, []string{
		`"1"`, `*`, `"1"`, `*`, `W/"1"`, `"7", "1"`, `"1", "2"`, `"2"`, `"no such version"`, `1`, `"`, `,,`, "\xe4", strings.Repeat("x", longest), `"1" ` + strings.Repeat(" ", 100) + `x`,
	})
}

// text formats a value for a parameter.
func text(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	return encode(nil, value)
}

// vary makes changes that must not affect the reply.
func (a *attempt) vary(g *generator) {
	accept := []string{"", "*/*", "text/plain;q=0.1, */*;q=0.01"}
	for _, t := range a.op.replies {
		accept = append(accept, t, "application/xml, "+t+";q=0.5", t[:strings.IndexByte(t, '/')]+"/*")
	}
	if value := pick(g, accept); value != "" {
		a.header.Set("Accept", value)
	}
	if g.oneIn(4) {
		a.header.Set("X-Request-Id", pick(g, []string{"a.b_c-1", "two words", strings.Repeat("x", 129), "\xff"}))
	}
	if g.oneIn(4) {
		a.header.Set("X-Tenant-Id", g.id().String())
	}
	if g.oneIn(4) {
		a.header.Set("User-Agent", pick(g, []string{"", strings.Repeat("agent ", 200), "\xff\xfe", "';--"}))
	}
	if !a.hasBody {
		return
	}
	a.header.Set("Content-Type", pick(g, []string{jsonType, jsonType, "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"}))
	a.text = encode(g, a.body)
	if g.oneIn(30) {
		a.padding = middleware.MaxBody - len(a.text) // the largest allowed body
	}
}

// pathParameter matches the parameter in a path; there is at most one.
var pathParameter = regexp.MustCompile(`\{\w+\}`)

// request returns the request to send.
func (a *attempt) request() request {
	r := request{
		method: a.op.Method, path: pathParameter.ReplaceAllLiteralString(a.op.Path, strings.ReplaceAll(url.QueryEscape(a.id), "+", "%20")),
		query: a.rawQuery, header: a.header, body: a.text, padding: a.padding,
	}
	if r.query == "" {
		r.query = a.query.Encode()
	}
	if a.hasBody && a.text == "" {
		r.body = encode(nil, a.body)
	}
	return r
}

// secrets returns the secrets of the request, by the names that replace them in output.
func (a *attempt) secrets() map[string]string {
	return map[string]string{"TOKEN": a.by.actor.AccessToken, "REFRESH_TOKEN": a.by.actor.RefreshToken, "PASSWORD": password, "NEW_PASSWORD": newPassword}
}

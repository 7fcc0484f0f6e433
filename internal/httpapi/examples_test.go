package httpapi_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/internal/tools/resource"
)

// beforehand brings the world into the state that an operation requires.
var beforehand = map[string]func(t *testing.T, w *exampleWorld){
	"activateUser":     func(t *testing.T, w *exampleWorld) { w.set(t, "users", "is_active = 0", "user") },
	"resumeTenant":     func(t *testing.T, w *exampleWorld) { w.set(t, "tenants", "status = 'suspended'", "tenant") },
	"deleteTenant":     func(t *testing.T, w *exampleWorld) { w.set(t, "tenants", "status = 'suspended'", "tenant") },
	"listUserSessions": func(t *testing.T, w *exampleWorld) { w.loginCoworker(t) },
	"verifyAuditTrail": func(t *testing.T, w *exampleWorld) { sealed(t, w.App, w.tenantID()) },
	"listDeprecations": func(t *testing.T, w *exampleWorld) {
		for range 3 {
			w.do(t, "Bearer "+w.admin.AccessToken, http.MethodGet, "/api/org/companies", "", apitest.Header("User-Agent", "python-requests/2.31.0")).Want(t, 200)
		}
	},
}

// circumstances prepare the world for replies other than the usual one.
var circumstances = map[string]map[string]func(t *testing.T, w *exampleWorld){
	"deleteTenant": {"of a tenant that is large": func(_ *testing.T, w *exampleWorld) { w.slowDown() }},
	"deleteCompany": {"of a company that is large": func(t *testing.T, w *exampleWorld) {
		w.addDepartments(t, func(*db.Department) {})
		w.slowDown()
	}},
	"deleteBranch": {"of a branch that is large": func(t *testing.T, w *exampleWorld) {
		w.addDepartments(t, func(d *db.Department) { d.BranchID = new(uuid.MustParse(w.ids["branch"])) })
		w.slowDown()
	}},
	"deleteDepartment": {"of a department that is large": func(t *testing.T, w *exampleWorld) {
		w.addDepartments(t, func(d *db.Department) { d.ParentID = new(uuid.MustParse(w.ids["department"])) })
		w.slowDown()
	}},
	"verifyAuditTrail": {
		"when someone has altered the trail": func(t *testing.T, w *exampleWorld) {
			w.set(t, "audit_entries", "path = '/elsewhere'", "audit_entry")
		},
		"when someone has cut it off": func(t *testing.T, w *exampleWorld) { w.cutTrail(t) },
	},
	"getHealth": {"without a database": func(_ *testing.T, w *exampleWorld) { w.Store.Close() }},
}

// addDepartments makes the example's company so large that a deletion takes several batches.
func (w *exampleWorld) addDepartments(t *testing.T, change func(*db.Department)) {
	t.Helper()
	addDepartments(t, w.App, db.Company{TenantID: w.tenantID(), ID: uuid.MustParse(w.ids["company"])}, 150, change)
}

// slowDown makes the clock advance four seconds at each reading.
func (w *exampleWorld) slowDown() {
	w.Clock.Step(4 * time.Second)
	w.isClockRunning = true
}

// secret returns the value for a field or parameter whose example can't be valid, such as a token;
// "" for others.
func (w *exampleWorld) secret(t *testing.T, name string) string {
	t.Helper()
	switch name {
	case "getAsset name":
		return w.Stylesheet(t)
	case "refresh_token":
		return w.admin.RefreshToken
	case "token":
		reply := w.request(t, w.operations["createPasswordReset"], nil, nil, nil)
		return apitest.Decode[api.OneTimeToken](t, reply.Want(t, 200)).Token
	case "checkpoint":
		reply := w.request(t, w.operations["verifyAuditTrail"], nil, nil, nil)
		return *apitest.Decode[api.AuditVerification](t, reply.Want(t, 200)).Checkpoint
	default:
		return ""
	}
}

// TestEveryExampleIsTrue sends every example of a body or parameter in the document and compares
// the replies with the examples of replies. They have to be equal, except for generated values.
func TestEveryExampleIsTrue(t *testing.T) {
	t.Parallel()
	seen := newHeaders()
	t.Run("operation", func(t *testing.T) {
		for _, op := range apitest.Operations(t) {
			t.Run(op.ID, func(t *testing.T) {
				t.Parallel()
				replies := exampleReplies(t, op)
				for status, documented := range op.Spec.Responses.Map() {
					if documented.Value.Content.Get("application/problem+json") == nil && !apitest.IsForLater(storetest.Resources(t), op, status) {
						replies.want(t, status, documented.Value, seen)
					}
				}
			})
		}
	})
	seen.want(t)
}

// answer is a reply with the world that it came from.
type answer struct {
	apitest.Reply

	to    string
	world *exampleWorld
}

type answers []answer

// exampleReplies sends all example requests of an operation.
func exampleReplies(t *testing.T, op access.Operation) answers {
	t.Helper()
	var replies answers
	var reading *exampleWorld // shared by requests that change nothing
	world := func() *exampleWorld {
		if reading != nil {
			return reading
		}
		w := newExampleWorld(t)
		if prepare := beforehand[op.ID]; prepare != nil {
			prepare(t, w)
		}
		if op.AuditAction == access.NoAuditAction {
			reading = w
		}
		return w
	}
	send := func(to string, w *exampleWorld, p *openapi3.Parameter, body any) {
		reply := w.request(t, op, p, body, circumstances[op.ID][to])
		if documented := op.Spec.Responses.Status(reply.Status); documented == nil || documented.Value.Content.Get("application/problem+json") != nil {
			t.Errorf("%s: %d %s", to, reply.Status, reply.Body)
		}
		if p != nil && p.In == openapi3.ParameterInQuery && strings.Contains(string(reply.Body), `"items":[]`) {
			t.Errorf("%s: the list is empty", to)
		}
		replies = append(replies, answer{reply, to, w})
	}
	for name, body := range exampleBodies(op) {
		send("the plain request"+name, world(), nil, body)
	}
	for _, p := range op.Parameters {
		if !p.Required {
			send("with "+p.Name, world(), p, nil)
		}
	}
	for name := range circumstances[op.ID] {
		reading = nil
		send(name, world(), nil, nil)
	}
	return replies
}

// exampleBodies returns the examples of an operation's body by name; nil for an operation without a
// body.
func exampleBodies(op access.Operation) map[string]any {
	if op.Spec.RequestBody == nil {
		return map[string]any{"": nil}
	}
	media := op.Spec.RequestBody.Value.Content["application/json"]
	bodies := map[string]any{}
	if media.Example != nil {
		bodies[""] = media.Example
	}
	for name, example := range media.Examples {
		bodies[" "+name] = example.Value.Value
	}
	return bodies
}

// request sends an operation's example with its required parameters and one additional one. body
// replaces the example's body. Secrets replace those of the example.
func (w *exampleWorld) request(t *testing.T, op access.Operation, more *openapi3.Parameter, body any, circumstance func(*testing.T, *exampleWorld)) apitest.Reply {
	t.Helper()
	path, query, options := op.Path, url.Values{}, []apitest.Option{}
	for _, p := range op.Parameters {
		isWanted := p.Required || more != nil && p.Name == more.Name
		if more == nil || more.Name != "cursor" {
			isWanted = isWanted || p.Name == "count" // the examples of lists have a total
		}
		if !isWanted {
			continue
		}
		value := fmt.Sprint(p.Example)
		switch {
		case p.Name == "id":
			if value = w.ids[op.Entity]; value == "" {
				t.Fatalf("the example world has no %s; create one in populate", op.Entity)
			}
			path = strings.ReplaceAll(path, "{id}", value)
		case p.In == openapi3.ParameterInPath:
			value = cmp.Or(w.secret(t, op.ID+" "+p.Name), value)
			path = strings.ReplaceAll(path, "{"+p.Name+"}", value)
		case p.In == openapi3.ParameterInHeader:
			if p.Name == "If-None-Match" && op.Method == http.MethodGet {
				value = w.request(t, op, nil, nil, nil).Header.Get("ETag")
			}
			options = append(options, apitest.Header(p.Name, value))
		case p.Name == "cursor":
			query.Set("limit", "1")
			query.Set("cursor", w.nextCursor(t, op))
		case p.Name == "q":
			query.Set(p.Name, w.searchable(t, op, value))
		default:
			query.Set(p.Name, cmp.Or(w.secret(t, p.Name), value))
		}
	}
	text := ""
	if bodies := exampleBodies(op); body != nil || op.Spec.RequestBody != nil {
		if body == nil {
			body = bodies[slices.Min(slices.Collect(maps.Keys(bodies)))]
		}
		fields := plain(t, body).(map[string]any)
		for name := range fields {
			if secret := w.secret(t, name); secret != "" {
				fields[name] = secret
			}
		}
		text = apitest.JSON(t, fields)
	}
	if circumstance != nil {
		circumstance(t, w)
	}
	return w.do(t, w.authorization(op), op.Method, path+"?"+query.Encode(), text, options...)
}

// searchable returns the example of q. Lists share that example; if a list's items don't contain
// it, the label of the first item is searched for.
func (w *exampleWorld) searchable(t *testing.T, op access.Operation, q string) string {
	t.Helper()
	i := slices.IndexFunc(storetest.Resources(t), func(r resource.Resource) bool { return op.ID == "list"+r.GoPlural() })
	if i < 0 {
		return q
	}
	items := w.examples(t, op.ID)
	if strings.Contains(strings.ToLower(fmt.Sprint(items)), strings.ToLower(q)) {
		return q
	}
	return fmt.Sprint(items[0].(map[string]any)[storetest.Resources(t)[i].Label])
}

// nextCursor returns the cursor of an operation's second page.
func (w *exampleWorld) nextCursor(t *testing.T, op access.Operation) string {
	t.Helper()
	w.more(t)
	reply := w.do(t, w.authorization(op), op.Method, strings.ReplaceAll(op.Path, "{id}", w.ids[op.Entity])+"?limit=1", "")
	page := apitest.Decode[struct {
		NextCursor string `json:"next_cursor"`
	}](t, reply.Want(t, 200))
	if page.NextCursor == "" {
		t.Fatalf("the example world has no second page for %s; create one in more", op.ID)
	}
	return page.NextCursor
}

// want fails the test unless there is a reply with this status and, for each of its examples, a
// matching reply.
func (a answers) want(t *testing.T, status string, documented *openapi3.Response, seen *headers) {
	t.Helper()
	var those answers
	for _, reply := range a {
		if fmt.Sprint(reply.Status) == status {
			those = append(those, reply)
			seen.note(t.Name()+" "+status, documented, reply.Header)
		}
	}
	if len(those) == 0 {
		t.Errorf("no example request gets the status %s", status)
	}
	for mediaType, media := range documented.Content {
		examples := map[string]any{}
		if media.Example != nil {
			examples["the example"] = media.Example
		}
		for name, example := range media.Examples {
			examples["the example "+name] = example.Value.Value
		}
		for name, example := range examples {
			those.wantOne(t, status+" "+mediaType+": "+name, mediaType, media, plain(t, example))
		}
	}
}

// wantOne fails the test unless one of the replies matches the example.
func (a answers) wantOne(t *testing.T, name, mediaType string, media *openapi3.MediaType, example any) {
	t.Helper()
	var nearest []string
	var to answer
	for _, reply := range a {
		differences := reply.world.shows(mediaType, media, example, reply.Reply)
		if len(differences) == 0 {
			return
		}
		if nearest == nil || len(differences) < len(nearest) {
			nearest, to = differences, reply
		}
	}
	t.Errorf("no reply matches %s. The closest is that to %s:\n%s\n%s", name, to.to, strings.Join(nearest, "\n"), ellipsis(string(to.Body)))
}

// headers are the examples of headers: the replies that should have matched them, and the examples
// that some reply matched.
type headers struct {
	mu    sync.Mutex
	due   map[string]string
	shown map[string]bool
}

func newHeaders() *headers { return &headers{due: map[string]string{}, shown: map[string]bool{}} }

// note compares the headers of a reply. One match per example is enough, because replies share
// headers.
func (s *headers) note(to string, documented *openapi3.Response, header http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, h := range documented.Headers {
		example := headerValue(h.Value)
		s.due[name+": "+example] = to
		s.shown[name+": "+example] = s.shown[name+": "+example] || showsHeader(example, name, header)
	}
}

// want fails the test unless each example of a header matched some reply.
func (s *headers) want(t *testing.T) {
	t.Helper()
	for example, to := range s.due {
		if !s.shown[example] {
			t.Errorf("%s: no reply has a header like the example %s", to, example)
		}
	}
}

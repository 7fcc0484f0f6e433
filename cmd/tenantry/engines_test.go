package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/seed"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// call is a request with its expected status. Braces in its path and body stand for values of
// earlier replies: {CODE} is the id of the company with this code, {CODE/tenant} the id of its
// tenant; others are {next_cursor} and {refresh_token}.
type call struct {
	as, method, path, body string
	status                 int
	header                 header
}

const (
	startup  = "ceo@techstart.com"
	retail   = "ceo@fashionhub.com"
	platform = seed.SuperuserEmail
	nobody   = ""
)

func calls() []call {
	list := slices.Concat(publicCalls(), readingCalls(), writingCalls())
	for _, query := range listQueries() {
		list = append(list, call{as: retail, path: companiesPath + "?" + query, status: 200})
	}
	return append(list,
		call{as: startup, method: http.MethodPost, path: logoutPath, body: `{"scope":"all"}`, status: 204},
		call{as: startup, path: mePath, status: 401},
	)
}

func publicCalls() []call {
	return []call{
		{path: "/", status: 200},
		{path: "/api/healthz", status: 200},
		{path: "/api/health", status: 200},
		{path: "/api/system/info", status: 200},
		{path: "/api/openapi.json", status: 200},
		{path: "/nowhere", status: 404},
		{method: http.MethodDelete, path: "/api/healthz", status: 405},
		{path: companiesPath, status: 401},
		{path: companiesPath, status: 401, header: bearer("nonsense")},
		{method: http.MethodPost, path: loginPath, body: loginBody(startup, "wrong"), status: 401},
		{method: http.MethodPost, path: loginPath, body: loginBody("stranger@example.com", "wrong"), status: 401},
		{method: http.MethodPost, path: loginPath, body: loginBody(startup+"\u0000", "wrong"), status: 422},
		{method: http.MethodPost, path: loginPath, body: `{"email":`, status: 400},
		{method: http.MethodPost, path: refreshPath, body: `{"refresh_token":"nonsense"}`, status: 401},
		// E-mail addresses ignore case.
		{method: http.MethodPost, path: loginPath, body: loginBody(strings.ToUpper(startup), seed.Password), status: 200},
		{method: http.MethodPost, path: refreshPath, body: `{"refresh_token":"{refresh_token}"}`, status: 200},
	}
}

func readingCalls() []call {
	return []call{
		{as: startup, path: mePath, status: 200},
		{as: retail, path: mePath, status: 200},
		{as: platform, path: mePath, status: 200},
		{as: platform, path: companiesPath, status: 200},
		{as: startup, path: companiesPath + "?count=true", status: 200},
		{as: retail, path: companiesPath + "?count=true", status: 200},
		{as: startup, path: companiesPath + "/{TECHSTART-EU}", status: 200},
		{as: startup, path: companiesPath + "/{TECHSTART-EU}", status: 304, header: header{"If-None-Match", "*"}},
		{as: startup, path: companiesPath + "/{FH-GROUP}", status: 404},
		{as: startup, path: companiesPath + "/00000000-0000-0000-0000-000000000000", status: 404},
		{as: startup, path: companiesPath + "/1", status: 422},
		{as: startup, path: companiesPath + "/{TECHSTART-EU}", status: 406, header: header{"Accept", "text/html"}},
		{as: startup, path: companiesPath + "?tenant_id={FH-GROUP/tenant}", status: 404},
		{as: platform, path: companiesPath + "?tenant_id={FH-GROUP/tenant}", status: 200},
		{as: platform, path: companiesPath + "/{FH-FRANCE}?tenant_id={FH-GROUP/tenant}", status: 200},
		{as: retail, path: companiesPath + "?limit=2", status: 200},
		{as: retail, path: companiesPath + "?limit=2&cursor={next_cursor}", status: 200},
		{as: retail, path: companiesPath + "?limit=2&cursor={next_cursor}", status: 200},
		{as: retail, path: companiesPath + "?limit=2&sort=-name", status: 200},
		{as: retail, path: companiesPath + "?limit=2&sort=-name&cursor={next_cursor}", status: 200},
		{as: retail, path: companiesPath + "?limit=2&sort=name&cursor={next_cursor}", status: 422},
		{as: startup, path: companiesPath + "?limit=2&sort=-name&cursor={next_cursor}", status: 422},
		{as: retail, path: companiesPath + "?limit=0&sort=id&colour=red", status: 422},
	}
}

func writingCalls() []call {
	company := func(code, name string) call {
		name = strings.ReplaceAll(name, `\`, `\\`)
		return call{as: retail, method: http.MethodPost, path: companiesPath, body: `{"code":"` + code + `","name":"` + name + `"}`, status: 201}
	}
	return []call{
		company("x-1", "zebra"), company("x-2", "Zulu"), company("x-3", "Ärger"), company("x-4", "🧭 Kompass"), company("x-5", "zebra "),
		company("x-6", `100 % \_/ O'Neil`), company("x-7", "straße"), company("x-8", "日本"), company("x-9", "e\u0301clair"),
		{
			as: retail, method: http.MethodPost, path: companiesPath, status: 201,
			body: `{"code":"full","name":"Full","description":"","email":"a@b.example","phone":"1","website":"https://full.example","tax_id":"T","registration_number":"R","is_active":false,
				"address":{"line1":"1","line2":"2","city":"Ålesund","state":"S","postal_code":"P","country":"NO"}}`,
		},
		{as: retail, method: http.MethodPost, path: companiesPath, body: `{"code":"X-1","name":"Again"}`, status: 409},
		{as: retail, method: http.MethodPost, path: companiesPath, body: `{"code":"fh-group","name":"Again"}`, status: 409},
		{as: retail, method: http.MethodPost, path: companiesPath, body: `{"code":"","name":" ","colour":"red"}`, status: 422},
		{as: retail, method: http.MethodPut, path: companiesPath + "/{X-1}", body: `{"name":"Zebra & Söhne","phone":"2","address":{"city":"Oslo"}}`, status: 200},
		{as: retail, method: http.MethodPut, path: companiesPath + "/{X-1}", body: `{"name":"Zebra & Söhne"}`, status: 200},
		{as: retail, method: http.MethodPut, path: companiesPath + "/{X-1}", body: `{"address":null,"phone":null}`, status: 200},
		{as: retail, method: http.MethodPut, path: companiesPath + "/{X-1}", body: `{"name":"Late"}`, status: 412, header: header{"If-Match", `"1"`}},
		{as: retail, method: http.MethodPut, path: companiesPath + "/{X-1}", body: `{"code":"x-2"}`, status: 409},
		{as: retail, method: http.MethodPut, path: companiesPath + "/{TECHSTART-EU}", body: `{"name":"Mine"}`, status: 404},
		{as: retail, method: http.MethodDelete, path: companiesPath + "/{FH-RETAIL}?dry_run=true", status: 200},
		{as: retail, method: http.MethodDelete, path: companiesPath + "/{FH-RETAIL}", status: 412, header: header{"If-Match", `"2"`}},
		{as: retail, method: http.MethodDelete, path: companiesPath + "/{FH-RETAIL}", status: 204},
		{as: retail, path: companiesPath + "/{FH-RETAIL}", status: 404},
		{as: retail, method: http.MethodDelete, path: companiesPath + "/{TECHSTART-EU}", status: 404},
		{as: startup, path: companiesPath, status: 200},
	}
}

// listQueries list all companies in one page each, because the cursor of a new company differs
// between runs.
func listQueries() []string {
	var queries []string
	for _, sort := range []string{"created_at", "-created_at", "name", "-name"} {
		queries = append(queries, "limit=100&count=true&sort="+sort)
	}
	for _, filter := range []string{
		"is_active=true", "is_active=false", "country=GB", "country=gb", "country=NO&is_active=false", "code=x-3", "code=X-3%20", "code=FH-FRANCE", "q=fashion",
		"q=LONDON", "q=%25", "q=_", "q=%5C", "q=%27", "q=zebra", "q=zebra%20", "q=%C3%84RGER", "q=arger", "q=STRASSE", "q=STRA%E1%BA%9EE", "q=%F0%9F%A7%AD",
		"q=%E6%97%A5", "q=%C3%A9clair", "q=%C3%85lesund&country=NO", "q=nothing-like-it",
	} {
		queries = append(queries, "limit=100&count=true&sort=name&"+filter)
	}
	return queries
}

func TestEnginesGiveTheSameReplies(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	transcripts := map[store.Engine][]string{}
	t.Run("ask", func(t *testing.T) {
		storetest.Each(t, func(t *testing.T, engine store.Engine) {
			transcript := ask(t, newInstallation(t, "DATABASE_URL="+storetest.NewURL(t, engine)).serve("--demo=small"), calls())
			mu.Lock()
			defer mu.Unlock()
			transcripts[engine] = transcript
		})
	})
	for engine, transcript := range transcripts {
		if diff := cmp.Diff(transcripts[store.SQLite], transcript); diff != "" {
			t.Errorf("%s differs from sqlite (-sqlite +%s):\n%s", engine, engine, diff)
		}
	}
}

// ask sends the calls in order and returns the replies without values of this run.
func ask(t *testing.T, p *process, calls []call) []string {
	t.Helper()
	since := time.Now().Add(-time.Minute)
	values := map[string]string{}
	tokens := map[string]string{}
	for _, email := range []string{startup, retail} {
		tokens[email] = p.login(email, seed.Password).Access
	}
	tokens[platform] = p.login(platform, seed.SuperuserPassword).Access

	var transcript []string
	for i, c := range calls {
		headers := []header{{"X-Request-Id", fmt.Sprintf("call-%d", i)}}
		if c.as != nobody {
			headers = append(headers, bearer(tokens[c.as]))
		}
		if c.header.name != "" {
			headers = append(headers, c.header)
		}
		if c.method == "" {
			c.method = http.MethodGet
		}
		r := p.do(c.method, fill(t, c.path, values), fill(t, c.body, values), headers...)
		title := strings.Join([]string{c.as, c.method, c.path, c.body}, " ")
		if r.status != c.status {
			t.Errorf("%s: status %d, want %d: %s", title, r.status, c.status, r.body)
		}
		p.keep(r, values)
		transcript = append(transcript, title+"\n"+lasting(r, since))
	}
	return transcript
}

var placeholder = regexp.MustCompile(`\{[\w/-]+\}`)

func fill(t *testing.T, text string, values map[string]string) string {
	t.Helper()
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		value := values[name[1:len(name)-1]]
		if value == "" {
			t.Fatalf("no reply has a value for %s in %s", name, text)
		}
		return value
	})
}

// keep stores the values that later calls refer to, and the secrets.
func (p *process) keep(r reply, values map[string]string) {
	type item struct {
		ID, Code string
		TenantID string `json:"tenant_id"`
	}
	var body struct {
		item
		grant

		Items      []item
		NextCursor string `json:"next_cursor"`
	}
	if json.Unmarshal([]byte(r.body), &body) != nil || r.status >= http.StatusBadRequest {
		return
	}
	for _, i := range append(body.Items, body.item) {
		if i.ID != "" {
			values[i.Code], values[i.Code+"/tenant"] = i.ID, i.TenantID
		}
	}
	if body.NextCursor != "" {
		values["next_cursor"] = body.NextCursor
	}
	if body.Refresh != "" {
		values["refresh_token"] = body.Refresh
		p.home.secrets.add(body.Access, body.Refresh)
	}
}

var (
	idPattern      = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	timePattern    = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z`)
	tokenPattern   = regexp.MustCompile(`eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+`)
	latencyPattern = regexp.MustCompile(`"latency_ms":[0-9.]+`)
	etagPattern    = regexp.MustCompile(`"(\d+)-[0-9a-f]{12}-[0-9a-f]{16}"`)
)

// lasting returns a reply without values that differ between runs: ids, times after since, tokens,
// durations, and headers derived from them, such as entity tags.
func lasting(r reply, since time.Time) string {
	text := fmt.Sprintln(r.status)
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		if name != "Date" && name != "Content-Length" {
			text += name + ": " + strings.Join(r.header[name], ", ") + "\n"
		}
	}
	text += r.body
	text = tokenPattern.ReplaceAllString(text, "<token>")
	text = etagPattern.ReplaceAllString(text, `"$1-<row>-<content>"`)
	text = latencyPattern.ReplaceAllString(text, `"latency_ms":<ms>`)
	text = idPattern.ReplaceAllStringFunc(text, func(id string) string {
		if seconds, nanoseconds := uuid.MustParse(id).Time().UnixTime(); time.Unix(seconds, nanoseconds).After(since) {
			return "<new id>"
		}
		return id
	})
	return timePattern.ReplaceAllStringFunc(text, func(at string) string {
		if parsed, err := time.Parse(time.RFC3339, at); err == nil && parsed.After(since) {
			return "<new time>"
		}
		return at
	})
}

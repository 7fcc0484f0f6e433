package isolation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
)

// attack runs all attempts of one operation.
func (m *Matrix) attack(ctx context.Context, op access.Operation) (Result, error) {
	result := Result{Operation: op.ID, Method: op.Method, Path: op.Path, Violations: []Violation{}}
	if err := m.renewTokens(ctx); err != nil {
		return result, err
	}
	r := &round{Matrix: m, op: op, targets: map[target]string{}}
	list, err := r.attempts(ctx)
	if err != nil {
		return result, err
	}
	if lost := m.revoked[op.ID]; lost != nil {
		result.Requests, result.Violations = lost.Requests, append(result.Violations, lost.Violations...)
	}
	result.Requests += len(list)
	harmless, changing := split(list, func(a *attempt) bool { return a.want.changes == nil })

	before, err := m.Witness.State(ctx)
	if err != nil {
		return result, err
	}
	for _, a := range harmless {
		if err := m.try(ctx, a, &result); err != nil {
			return result, err
		}
	}
	after, err := m.Witness.State(ctx)
	if err != nil {
		return result, err
	}
	if difference := before.compare(after, nil); difference != "" {
		if err := m.blame(ctx, harmless, difference, &result); err != nil {
			return result, err
		}
		if after, err = m.Witness.State(ctx); err != nil {
			return result, err
		}
	}
	for _, a := range changing {
		before = after
		if err := m.try(ctx, a, &result); err != nil {
			return result, err
		}
		if after, err = m.Witness.State(ctx); err != nil {
			return result, err
		}
		m.judgeChange(a, before, after, &result)
	}
	if err := m.judgeTrail(ctx, list, &result); err != nil {
		return result, err
	}
	return result, r.checkInterference(ctx, &result)
}

func split(list []*attempt, first func(*attempt) bool) (yes, no []*attempt) {
	for _, a := range list {
		if first(a) {
			yes = append(yes, a)
		} else {
			no = append(no, a)
		}
	}
	return yes, no
}

// try sends a request and judges the reply.
func (m *Matrix) try(ctx context.Context, a *attempt, result *Result) error {
	var err error
	if a.got, err = m.client.do(ctx, a.request); err != nil {
		return fmt.Errorf("%s, %s: %w", a.by.name, a.aim, err)
	}
	if id := a.got.header.Get("X-Request-Id"); id != "" {
		a.id = id // a proxy may have replaced the id
	}
	m.judgeReply(a, result)
	return nil
}

// oftenRefused are operations that the manual advises to block in the reverse proxy.
var oftenRefused = []string{"getMetrics"}

// isRefusedBefore reports whether a reverse proxy refused the request: its reply isn't a problem.
func isRefusedBefore(a *attempt) bool {
	return slices.Contains(oftenRefused, a.op.ID) && a.got.status >= 400 && a.got.status < 500 && !a.got.isProblem()
}

func (m *Matrix) judgeReply(a *attempt, result *Result) {
	if isRefusedBefore(a) {
		m.skip(fmt.Sprintf("%s: a reverse proxy answers with status %d", a.op.ID, a.got.status))
		return
	}
	p := a.got.problem()
	names := func(pointer string) bool {
		return pointer == "" || slices.ContainsFunc(p.Errors, func(e struct{ Pointer, Parameter, Code string }) bool { return e.Pointer == pointer })
	}
	if !slices.Contains(a.want.statuses, a.got.status) || a.want.code != "" && p.Code != string(a.want.code) || !names(a.want.pointer) {
		result.add(a, fmt.Sprintf("got %s", a.got))
	}
	if a.want.sameAs != nil {
		if difference := a.got.difference(a.want.sameAs.got); difference != "" {
			result.add(a, "the reply differs from that for something missing: "+difference)
		}
	}
	if leak := m.leak(a); leak != "" {
		result.add(a, "the reply has "+leak)
	}
}

// variableHeaders differ between equal requests. The file name of an export has the time, and each
// request reduces the limit.
var variableHeaders = []string{"X-Request-Id", "Date", "Content-Disposition", "Ratelimit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"}

// difference describes the first difference between two replies, or is empty. It ignores what
// identifies the request.
func (r reply) difference(other reply) string {
	if r.status != other.status {
		return fmt.Sprintf("status %d, not %d", r.status, other.status)
	}
	for _, name := range slices.Sorted(maps.Keys(union(r.header, other.header))) {
		if one, two := r.header[name], other.header[name]; !slices.Contains(variableHeaders, name) && !slices.Equal(one, two) {
			return fmt.Sprintf("header %s: %q, not %q", name, one, two)
		}
	}
	if one, two := r.comparableBody(), other.comparableBody(); one != two {
		return fmt.Sprintf("body %s, not %s", one, two)
	}
	return ""
}

func (r reply) isProblem() bool {
	return strings.HasPrefix(r.header.Get("Content-Type"), "application/problem+json")
}

func union(a, b map[string][]string) map[string][]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// comparableBody returns the body without the fields that identify the request.
func (r reply) comparableBody() string {
	if !r.isProblem() {
		return string(r.body)
	}
	var fields map[string]any
	if err := json.Unmarshal(r.body, &fields); err != nil {
		return string(r.body)
	}
	delete(fields, "request_id")
	delete(fields, "instance")
	encoded, err := json.Marshal(fields)
	if err != nil {
		return string(r.body)
	}
	return string(encoded)
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// leak describes content of a reply that belongs to a tenant to which the principal has no access;
// empty if there is none.
func (m *Matrix) leak(a *attempt) string {
	if a.by.tenant == m.platform {
		return "" // the platform's trail has the names of tenants
	}
	mine := func(t *Tenant) bool {
		return t == a.by.tenant || a.by.person != nil && t == a.by.person.tenant || a.op.RequiredRole == access.Anon && t == m.own
	}
	var text strings.Builder
	text.Write(a.got.body)
	for _, values := range a.got.header {
		text.WriteString("\n" + strings.Join(values, "\n"))
	}
	all := strings.ToLower(text.String())
	for _, t := range []*Tenant{m.own, m.other, m.suspended} {
		if !mine(t) && strings.Contains(all, t.marker) {
			return fmt.Sprintf("text of the tenant %q: %s", t.Name, around(all, t.marker))
		}
	}
	for _, found := range uuids.FindAllString(all, -1) {
		id, err := uuid.Parse(found)
		if err != nil {
			continue
		}
		if t := m.known[id]; t != nil && t != m.platform && !mine(t) && !m.sent[id][a.by.tenant] {
			return fmt.Sprintf("an id of the tenant %q: %s", t.Name, around(all, found))
		}
	}
	return ""
}

// around returns a text with some of its context.
func around(all, text string) string {
	const context = 60
	i := strings.Index(all, text)
	return strings.ToValidUTF8(all[max(0, i-context):min(len(all), i+len(text)+context)], "?")
}

// remember records the ids that a request sends. A tenant may see them in its own trail later.
func (m *Matrix) remember(a *attempt) {
	for _, text := range []string{a.request.path, string(a.request.body)} {
		for _, found := range uuids.FindAllString(text, -1) {
			id, err := uuid.Parse(found)
			if err != nil {
				continue
			}
			if m.sent[id] == nil {
				m.sent[id] = map[*Tenant]bool{}
			}
			m.sent[id][a.by.tenant] = true
		}
	}
}

// blame sends the requests once more to find those that change something.
func (m *Matrix) blame(ctx context.Context, list []*attempt, difference string, result *Result) error {
	found := false
	for _, a := range list {
		before, err := m.Witness.State(ctx)
		if err != nil {
			return err
		}
		if _, err := m.client.do(ctx, a.request); err != nil {
			return err
		}
		after, err := m.Witness.State(ctx)
		if err != nil {
			return err
		}
		if difference := before.compare(after, nil); difference != "" {
			found = true
			result.add(a, "it changes something: "+difference)
		}
	}
	if !found {
		result.Violations = append(result.Violations, Violation{
			Principal: "unknown", Aim: "any", Want: "nothing changes", Found: "something has changed: " + difference,
		})
	}
	return nil
}

// judgeChange checks what a request changed that was allowed to change something.
func (m *Matrix) judgeChange(a *attempt, before, after State, result *Result) {
	mayChange := func(tenant uuid.UUID) bool {
		if tenant == uuid.Nil && a.op.ID == "login" {
			return true // it counts attempts in a row of no tenant
		}
		if isGlobal(a.op) {
			// The operation is about a tenant that was created for it, or creates one.
			return tenant != m.own.ID && tenant != m.other.ID && tenant != m.suspended.ID && tenant != m.platform.ID
		}
		return tenant == a.want.changes.ID
	}
	if difference := before.compare(after, mayChange); difference != "" {
		result.add(a, "it changes rows of another tenant: "+difference)
	}
	if m.Witness.SeesAll() && before.compare(after, nil) == "" && slices.Contains(a.want.statuses, a.got.status) {
		result.add(a, "it changes nothing")
	}
}

// judgeTrail checks the audit entries of the requests.
func (m *Matrix) judgeTrail(ctx context.Context, list []*attempt, result *Result) error {
	entries, err := m.entries(ctx)
	if err != nil {
		return err
	}
	for _, a := range list {
		if slices.Contains(a.want.statuses, a.got.status) { // a wrong status is a violation already
			m.judgeEntries(a, entries[a.id], result)
		}
	}
	return nil
}

// entries returns the audit entries written since the last call, by request id.
func (m *Matrix) entries(ctx context.Context) (map[string][]Entry, error) {
	list, err := m.Witness.Entries(ctx)
	byRequest := map[string][]Entry{}
	for _, e := range list {
		byRequest[e.RequestID] = append(byRequest[e.RequestID], e)
	}
	return byRequest, err
}

func (m *Matrix) judgeEntries(a *attempt, entries []Entry, result *Result) {
	for _, want := range a.want.entries {
		i := slices.IndexFunc(entries, want.matches)
		if i < 0 {
			result.add(a, fmt.Sprintf("the trail of the tenant %q lacks its entry: %s, %s", m.nameOf(want.TenantID), want.Action, want.Outcome))
			continue
		}
		if a.op.RequiredRole != access.Anon && entries[i].ActorID != a.by.person.ID {
			result.add(a, fmt.Sprintf("the trail names %s as the actor, want %s", entries[i].ActorID, a.by.person.ID))
		}
		entries = slices.Delete(slices.Clone(entries), i, i+1)
	}
	for _, e := range entries {
		// Rows that change along have entries of their own. The trail of a created tenant may have
		// copies of the platform's entries.
		inTenant := a.want.changes != nil && (e.TenantID == a.want.changes.ID || isGlobal(a.op) && m.nameOf(e.TenantID) == "")
		if slices.ContainsFunc(a.want.optional, e.matches) {
			continue
		}
		if !inTenant || e.Outcome != string(audit.Success) || e.Action == a.op.AuditAction && e.TenantID == a.want.changes.ID {
			result.add(a, fmt.Sprintf("the trail of the tenant %q has an entry too many: %s, %s", m.nameOf(e.TenantID), e.Action, e.Outcome))
		}
	}
}

// nameOf returns the report's name for a tenant; empty for one that an attempt created.
func (m *Matrix) nameOf(id uuid.UUID) string {
	for _, t := range []*Tenant{m.platform, m.own, m.other, m.suspended} {
		if t.ID == id {
			return t.Name
		}
	}
	return ""
}

package isolation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
)

// The ids that a request can name.
const (
	noID        = "no id"
	ownID       = "own id"
	foreignID   = "another tenant's id"
	missingID   = "missing id"
	malformedID = "malformed id"
)

const malformed = "nonsense"

// attempt is one request with its expected outcome.
type attempt struct {
	op      access.Operation
	by      principal
	aim     string
	request request
	want    outcome
	id      string // X-Request-Id
	got     reply
}

// outcome is the expected outcome of a request.
type outcome struct {
	statuses []int     // any of these
	code     errs.Code // of the problem; empty if no problem is expected
	pointer  string    // that the problem has to name; empty for none
	// changes is the tenant whose rows the request has to change; nil if it must change nothing.
	changes *Tenant
	// sameAs is an attempt about something missing, which must have got the same answer. So another
	// tenant's resource looks like a missing one.
	sameAs *attempt
	// entries has the audit entries that the request must write. Only entries that accompany a
	// change may come in addition.
	entries []Entry
	// optional has audit entries that the request may write: some refusals are recorded only from
	// time to time.
	optional []Entry
}

func (o outcome) String() string {
	if o.code != "" {
		return strings.TrimSpace(fmt.Sprintf("%d %s %s", o.code.Status(), o.code, o.pointer))
	}
	texts := make([]string, len(o.statuses))
	for i, s := range o.statuses {
		texts[i] = strconv.Itoa(s)
	}
	return strings.Join(texts, " or ")
}

func refusal(code errs.Code) outcome { return outcome{statuses: []int{code.Status()}, code: code} }

// unaudited maps operations that change something without an audit entry to the reason.
var unaudited = map[string]string{
	"refresh": "a successful refresh isn't audited; its audit action is that of a token that was used twice",
}

// changes reports whether an operation may change anything.
func changes(op access.Operation) bool { return op.Method != http.MethodGet }

// isGlobal reports whether an operation covers all tenants, so that no tenant is foreign to its
// callers.
func isGlobal(op access.Operation) bool {
	return op.RequiredRole == access.Superuser && !op.TenantBound
}

// isPersonal reports whether an operation is about the caller and not about their tenant.
func isPersonal(op access.Operation) bool { return !op.TenantBound && !isGlobal(op) }

// expect returns the expected outcome of a request. The order of the cases is the order of the
// server's checks.
func (m *Matrix) expect(op access.Operation, p principal, aim string) outcome {
	if op.RequiredRole == access.Anon {
		return m.success(op, p)
	}
	if p.refused != "" {
		o := refusal(p.refused)
		if p.refused == errs.TenantSuspended {
			o.optional = []Entry{{TenantID: p.person.tenant.ID, Action: audit.AccessDenied, Outcome: string(audit.Denied)}}
		}
		return o
	}
	var o outcome
	switch {
	case !p.role().Satisfies(op.RequiredRole):
		o = refusal(errs.Forbidden)
		o.entries = []Entry{denied(op, p)}
	case aim == malformedID:
		o = refusal(errs.ValidationFailed)
	case aim == missingID, aim == foreignID && !isGlobal(op):
		o = refusal(errs.NotFound)
	case op.CreatesInTenant() && p.role() == access.Superuser && !p.entering:
		o = refusal(errs.TenantRequired)
	default:
		o = m.success(op, p)
	}
	if p.entering {
		entering := make([]Entry, 0, 2)
		for _, t := range []*Tenant{p.tenant, p.person.tenant} {
			entering = append(entering, Entry{TenantID: t.ID, Action: audit.TenantAccess, Outcome: string(audit.Success)})
		}
		if op.AuditAction == access.NoAuditAction {
			o.optional = append(o.optional, entering...) // or an earlier entry counts this request, too
		} else {
			o.entries = append(o.entries, entering...)
		}
	}
	return o
}

func (m *Matrix) success(op access.Operation, p principal) outcome {
	var o outcome
	for status := range op.Spec.Responses.Map() {
		if n, err := strconv.Atoi(status); err == nil && n < http.StatusMultipleChoices {
			o.statuses = append(o.statuses, n)
		}
	}
	if op.RequiredRole == access.Anon && op.Spec.Responses.Value("404") != nil {
		o.statuses = append(o.statuses, http.StatusNotFound) // the feature isn't enabled
	}
	slices.Sort(o.statuses)
	where := p.tenant
	if op.RequiredRole == access.Anon {
		where = m.own // the body is about an account of this tenant
	}
	if changes(op) {
		o.changes = where
	}
	if op.AuditAction != access.NoAuditAction && unaudited[op.ID] == "" {
		o.entries = []Entry{{TenantID: where.ID, Action: op.AuditAction, Outcome: string(audit.Success)}}
	}
	return o
}

// denied is the audit entry of a refusal.
func denied(op access.Operation, p principal) Entry {
	action := op.AuditAction
	if action == access.NoAuditAction {
		action = audit.AccessDenied
	}
	return Entry{TenantID: p.person.tenant.ID, Action: action, Outcome: string(audit.Denied)}
}

// attempts returns all requests for the operation.
func (r *round) attempts(ctx context.Context) ([]*attempt, error) {
	m, op := r.Matrix, r.op
	aims := []string{noID}
	if op.Entity != "" {
		aims = []string{ownID, missingID, foreignID, malformedID}
	}
	for _, p := range m.principals {
		if p.entering && !op.TenantBound {
			continue
		}
		var missing *attempt
		for _, aim := range aims {
			a, err := r.plain(ctx, p, aim)
			if errors.Is(err, errOffLimits) {
				m.skip("what a superuser may do to the platform's own users and organisation")
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", p.name, aim, err)
			}
			switch aim {
			case missingID:
				missing = a
			case foreignID:
				if a.want.code != "" {
					a.want.sameAs = missing
				}
			}
			r.list = append(r.list, a)
		}
	}
	if err := r.crossTenant(ctx); err != nil {
		return nil, err
	}
	return r.list, nil
}

// round builds the attempts for one operation.
type round struct {
	*Matrix

	op      access.Operation
	targets map[target]string // ids for requests that must not change anything
	list    []*attempt
}

type target struct {
	owner *Person
	aim   string
}

// plain returns a request whose only variables are the principal and the id.
func (r *round) plain(ctx context.Context, p principal, aim string) (*attempt, error) {
	want := r.expect(r.op, p, aim)
	about := r.admins[r.own]
	if p.person != nil {
		about = p.person
	}
	var err error
	switch {
	case r.op.RequiredRole == access.Anon && r.op.Spec.RequestBody != nil:
		about, err = r.newLogin(ctx)
	case want.changes != nil && isPersonal(r.op):
		// The request ends the person's sessions or changes their password, so the person must not
		// be needed elsewhere.
		if about, err = r.createPerson(ctx, p.person.tenant, p.role()); err != nil {
			return nil, err
		}
		_, err = r.makeSession(ctx, about)
		p.person, p.token = about, about.accessToken
	case want.changes != nil && p.tenant == r.platform && !isGlobal(r.op) && r.NewSuperuser == nil:
		err = errOffLimits
	}
	if err != nil {
		return nil, err
	}
	id, query, err := r.target(ctx, p, aim, want.changes != nil)
	if err != nil {
		return nil, err
	}
	where := p.tenant
	if want.code == errs.TenantRequired {
		where = r.own // the platform's tenant has no rows that a body could refer to
	}
	body, err := r.body(ctx, r.op, where, about, nil)
	if err != nil {
		return nil, err
	}
	return r.attempt(p, aim, id, query, body, want), nil
}

// attempt builds a request.
func (r *round) attempt(p principal, aim, id string, query url.Values, body []byte, want outcome) *attempt {
	if p.entering {
		query.Set("tenant_id", p.tenant.ID.String())
	}
	a := &attempt{op: r.op, by: p, aim: aim, want: want, id: fmt.Sprintf("%s-%06d", r.Run, r.next())}
	h := http.Header{"User-Agent": {agent(p.tenant)}, "X-Request-Id": {a.id}}
	if p.token != "" {
		h.Set("Authorization", "Bearer "+p.token)
	}
	// The server must ignore all these headers.
	foreign := r.foreign(p).ID.String()
	h.Set("X-Tenant-Id", foreign)
	h.Set("X-Tenant", foreign)
	h.Set("X-Forwarded-User", r.admins[r.foreign(p)].Email)
	h.Set("Cookie", "tenant_id="+foreign)
	a.request = request{method: r.op.Method, path: address(r.op, id, query), header: h, body: body}
	r.remember(a)
	return a
}

// newLogin returns a person who can log in. They have a session of their own, or a token for a new
// password if the body has one.
func (r *round) newLogin(ctx context.Context) (*Person, error) {
	if property(r.op.Spec.RequestBody.Value.Content[jsonType].Schema.Value, "token") != nil {
		return r.invite(ctx, r.own, access.User)
	}
	another := *r.admins[r.own]
	return &another, r.logIn(ctx, &another)
}

// target returns the id that a request asks for, and the query parameters that go with it. If
// fresh, no other request uses the same id.
func (r *round) target(ctx context.Context, p principal, aim string, fresh bool) (string, url.Values, error) {
	query := url.Values{}
	r.confirm(query, thing{})
	switch aim {
	case noID:
		return "", query, nil
	case missingID:
		return uuid.NewString(), query, nil
	case malformedID:
		return malformed, query, nil
	}
	tenant := p.tenant
	if aim == foreignID {
		tenant = r.foreign(p)
	}
	owner := r.admins[tenant]
	mayDoAll := isGlobal(r.op) && p.refused == "" && p.role() == access.Superuser
	switch {
	case r.op.Entity == "tenant" && !mayDoAll:
		return tenant.ID.String(), query, nil
	case mayDoAll:
		owner = r.Superuser
	case isPersonal(r.op) && aim == ownID && p.person != nil && p.refused == "":
		owner = p.person
	case tenant == r.platform && r.NewSuperuser == nil && r.op.Entity != "audit_entry":
		return "", nil, errOffLimits
	}
	key := target{owner, aim}
	if id, ok := r.targets[key]; ok && !fresh {
		return id, query, nil
	}
	made, err := r.make(ctx, r.op.Entity, owner)
	if err != nil {
		return "", nil, err
	}
	if prepare := preparations[r.op.ID]; prepare != nil && fresh {
		if err := prepare(r.Matrix, ctx, made, owner); err != nil {
			return "", nil, err
		}
	}
	if !fresh {
		r.targets[key] = made.id.String()
	}
	r.confirm(query, made)
	return made.id.String(), query, nil
}

// confirm sets the required query parameters. confirm_code is the code of the thing; others have
// the values of the document's examples.
func (r *round) confirm(query url.Values, t thing) {
	for _, p := range r.op.Parameters {
		if p.In != openapi3.ParameterInQuery || !p.Required {
			continue
		}
		value := fmt.Sprint(p.Example)
		if field, ok := strings.CutPrefix(p.Name, "confirm_"); ok && t.field(field) != "" {
			value = t.field(field)
		}
		query.Set(p.Name, value)
	}
}

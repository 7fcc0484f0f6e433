package isolation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
)

// crossTenant adds attempts to reach another tenant, by people who may call the operation.
func (r *round) crossTenant(ctx context.Context) error {
	for _, p := range r.principals {
		if p.person == nil || p.refused != "" || p.tenant != r.own && p.tenant != r.other || r.op.RequiredRole == access.Anon || isGlobal(r.op) {
			continue
		}
		if r.op.TenantBound && !p.entering {
			if err := r.otherTenants(ctx, p); err != nil {
				return err
			}
		}
		// One admin of each tenant is enough.
		if p.role() != access.Admin {
			continue
		}
		for _, attack := range []func(context.Context, principal) error{r.conditions, r.references, r.searches, r.options, r.cursors, r.dryRuns} {
			if err := attack(ctx, p); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	return nil
}

// pair adds two requests that have to get the same answer. One names something missing, the other
// something of another tenant.
func (r *round) pair(aim string, p principal, want outcome, request func(foreign bool) (id string, query url.Values, body []byte, err error)) error {
	var missing *attempt
	for _, foreign := range []bool{false, true} {
		id, query, body, err := request(foreign)
		if err != nil {
			return err
		}
		name := aim + ", missing"
		if foreign {
			name = aim + ", of another tenant"
			want.sameAs = missing
		}
		a := r.attempt(p, name, id, query, body, want)
		r.list = append(r.list, a)
		missing = a
	}
	return nil
}

// otherTenants sends another tenant's id as tenant_id.
func (r *round) otherTenants(ctx context.Context, p principal) error {
	id, _, err := r.target(ctx, p, r.ownAim(), false)
	if err != nil {
		return err
	}
	body, err := r.body(ctx, r.op, p.tenant, p.person, nil)
	if err != nil {
		return err
	}
	want := refusal(errs.NotFound)
	want.entries = []Entry{denied(r.op, p)}
	err = r.pair("tenant_id", p, want, func(foreign bool) (string, url.Values, []byte, error) {
		named := uuid.NewString()
		if foreign {
			named = r.foreign(p).ID.String()
		}
		return id, url.Values{"tenant_id": {named}}, body, nil
	})
	if err != nil {
		return err
	}
	for _, tenantIDs := range [][]string{{malformed}, {p.tenant.ID.String(), r.foreign(p).ID.String()}} {
		query := url.Values{"tenant_id": tenantIDs}
		r.list = append(r.list, r.attempt(p, "tenant_id that isn't one UUID", id, query, body, refusal(errs.ValidationFailed)))
	}
	return nil
}

// conditions asks for another tenant's resource with a precondition. The answer must not depend on
// whether the precondition holds.
func (r *round) conditions(ctx context.Context, p principal) error {
	for _, name := range []string{"If-Match", "If-None-Match"} {
		if r.op.Entity == "" || r.parameter(openapi3.ParameterInHeader, name) == nil {
			continue
		}
		for _, tag := range []string{`"1"`, `"9"`, "*"} {
			err := r.pair(name+": "+tag, p, refusal(errs.NotFound), func(foreign bool) (string, url.Values, []byte, error) {
				return r.missingOrForeign(ctx, p, foreign)
			})
			if err != nil {
				return err
			}
			for _, a := range r.list[len(r.list)-2:] {
				a.request.header.Set(name, tag)
			}
		}
	}
	return nil
}

// references puts another tenant's ids into every field and parameter that refers to something.
func (r *round) references(ctx context.Context, p principal) error {
	if !p.role().Satisfies(r.op.RequiredRole) {
		return nil
	}
	for _, ref := range r.op.References {
		want := r.success(r.op, p)
		want.changes = nil
		if ref.Pointer != "" {
			want = refusal(errs.UnknownReference)
			want.pointer = ref.Pointer
		} else if r.op.Spec.Responses.Value("404") != nil {
			want.statuses = append(want.statuses, http.StatusNotFound) // allowed instead of an empty list, if the answer is the same for a missing id
		}
		id, _, err := r.target(ctx, p, r.ownAim(), false)
		if err != nil {
			return err
		}
		err = r.pair(ref.Place(), p, want, func(foreign bool) (string, url.Values, []byte, error) {
			named := uuid.New()
			if foreign {
				base, err := r.base(ctx, r.foreign(p), ref.Entity)
				if err != nil {
					return "", nil, nil, err
				}
				named = base.id
			}
			query, replace := r.counted(), map[string]uuid.UUID{}
			if ref.Parameter != "" {
				query.Set(ref.Parameter, named.String())
			} else {
				replace[ref.Pointer] = named
			}
			body, err := r.body(ctx, r.op, p.tenant, p.person, replace)
			return id, query, body, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// searches searches for a text that every row of the other tenant has.
func (r *round) searches(ctx context.Context, p principal) error {
	if r.parameter(openapi3.ParameterInQuery, "q") == nil || !p.role().Satisfies(r.op.RequiredRole) {
		return nil
	}
	return r.pair("q", p, r.success(r.op, p), func(foreign bool) (string, url.Values, []byte, error) {
		text := randomText()
		if foreign {
			text = r.foreign(p).bait
		}
		query := r.counted()
		query.Set("q", text)
		return "", query, nil, nil
	})
}

// options asks for a list with every value of each enumerated parameter, because each may select
// another query.
func (r *round) options(_ context.Context, p principal) error {
	if changes(r.op) || r.op.Entity != "" || !p.role().Satisfies(r.op.RequiredRole) {
		return nil
	}
	for _, parameter := range r.op.Parameters {
		schema := parameter.Schema.Value
		if parameter.In != openapi3.ParameterInQuery {
			continue
		}
		values := schema.Enum
		if schema.Type.Is(openapi3.TypeBoolean) {
			values = []any{true, false}
		}
		for _, value := range values {
			query := url.Values{parameter.Name: {fmt.Sprint(value)}}
			r.list = append(r.list, r.attempt(p, query.Encode(), "", query, nil, r.success(r.op, p)))
		}
	}
	return nil
}

// counted returns the query that asks for the total, if the operation can count.
func (r *round) counted() url.Values {
	query := url.Values{}
	if r.parameter(openapi3.ParameterInQuery, "count") != nil {
		query.Set("count", "true")
	}
	return query
}

// checkInterference reads the same twice. In between the other tenant creates rows. They must not
// change the reply.
func (r *round) checkInterference(ctx context.Context, result *Result) error {
	if changes(r.op) || r.op.Entity != "" || r.op.RequiredRole == access.Anon || r.op.AuditAction != access.NoAuditAction || isGlobal(r.op) {
		return nil
	}
	p := known("admin", r.admins[r.own])
	for tries := 1; ; tries++ {
		calm := r.attempt(p, "while nothing happens", "", r.counted(), nil, r.success(r.op, p))
		if err := r.try(ctx, calm, result); err != nil {
			return err
		}
		for _, entity := range append(r.entities(), "session") {
			if _, err := r.make(ctx, entity, r.admins[r.other]); err != nil {
				return err
			}
		}
		busy := r.attempt(p, "while another tenant is busy", "", r.counted(), nil, r.success(r.op, p))
		if err := r.try(ctx, busy, result); err != nil {
			return err
		}
		result.Requests += 2
		difference := busy.got.withoutTimes().difference(calm.got.withoutTimes())
		if difference == "" {
			return nil
		}
		// Work of the own tenant that is still in progress, such as sealing its trail, ends within
		// these tries. The other tenant's rows come in every try.
		if tries == maxTries {
			result.add(busy, "the reply depends on another tenant: "+difference)
			return nil
		}
	}
}

// maxTries is the number of tries after which no work of the own tenant is still in progress.
const maxTries = 5

var times = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)

// withoutTimes returns the reply without any times, such as that of the request.
func (r reply) withoutTimes() reply {
	r.body = times.ReplaceAll(r.body, nil)
	return r
}

// cursors continues a list with a cursor of the other tenant's list.
func (r *round) cursors(ctx context.Context, p principal) error {
	if r.parameter(openapi3.ParameterInQuery, "cursor") == nil || !p.role().Satisfies(r.op.RequiredRole) {
		return nil
	}
	var page struct {
		NextCursor string `json:"next_cursor"`
	}
	own, theirs, query, admin := "", "", url.Values{}, r.admins[r.foreign(p)]
	if r.op.Entity != "" { // a list below a resource: here, below the other admin
		var err error
		if own, query, err = r.target(ctx, p, r.ownAim(), false); err != nil {
			return err
		}
		theirs = admin.ID.String()
	}
	if err := r.do(ctx, r.op.ID, admin, theirs, url.Values{"limit": {"1"}}, nil, &page); err != nil {
		return err
	}
	if page.NextCursor == "" {
		return errors.New("the other tenant's list has no second page, so there is no cursor to try")
	}
	query.Set("limit", "1")
	query.Set("cursor", page.NextCursor)
	r.list = append(r.list, r.attempt(p, "another tenant's cursor", own, query, nil, refusal(errs.InvalidCursor)))
	return nil
}

// dryRuns sends dry_run, which must not change anything.
func (r *round) dryRuns(ctx context.Context, p principal) error {
	if r.parameter(openapi3.ParameterInQuery, "dry_run") == nil || !p.role().Satisfies(r.op.RequiredRole) {
		return nil
	}
	id, _, err := r.target(ctx, p, r.ownAim(), false)
	if err != nil {
		return err
	}
	want := r.success(r.op, p)
	want.changes, want.entries = nil, nil
	r.list = append(r.list, r.attempt(p, "dry_run", id, url.Values{"dry_run": {"true"}}, nil, want))
	return r.pair("dry_run", p, refusal(errs.NotFound), func(foreign bool) (string, url.Values, []byte, error) {
		id, query, _, err := r.missingOrForeign(ctx, p, foreign)
		query.Set("dry_run", "true")
		return id, query, nil, err
	})
}

// missingOrForeign returns a request about a missing resource or one of another tenant.
func (r *round) missingOrForeign(ctx context.Context, p principal, foreign bool) (string, url.Values, []byte, error) {
	aim := missingID
	if foreign {
		aim = foreignID
	}
	id, query, err := r.target(ctx, p, aim, false)
	if err != nil {
		return "", nil, nil, err
	}
	body, err := r.body(ctx, r.op, p.tenant, p.person, nil)
	return id, query, body, err
}

func (r *round) ownAim() string {
	if r.op.Entity == "" {
		return noID
	}
	return ownID
}

func (r *round) parameter(in, name string) *openapi3.Parameter {
	for _, p := range r.op.Parameters {
		if p.In == in && p.Name == name {
			return p
		}
	}
	return nil
}

package isolation

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
)

// ending is a way in which a principal loses a right while a request is under way.
type ending struct {
	name string
	code errs.Code // of the replies to their requests afterwards
	end  func(m *Matrix, ctx context.Context, p *Person) error
	// undo restores the tenant, if later endings need it.
	undo func(m *Matrix, ctx context.Context, p *Person) error
}

const (
	demotion         = "demotion"
	deletionOfTenant = "deletion of the tenant"
)

// endings are all ways. The first works from outside. The last one deletes the tenant.
var endings = []ending{
	{name: "log-out", code: errs.SessionEnded, end: func(m *Matrix, ctx context.Context, p *Person) error {
		return m.do(ctx, "logout", p, "", nil, nil, nil)
	}},
	{name: "another password", code: errs.SessionEnded, end: changePassword},
	{name: "end of the sessions", code: errs.SessionEnded, end: byAdmin("endUserSessions", nil)},
	{name: demotion, code: errs.Forbidden, end: byAdmin("updateUser", map[string]string{"role": string(access.Viewer)})},
	{name: "deactivation", code: errs.SessionEnded, end: byAdmin("deactivateUser", nil)},
	{name: "deletion of the user", code: errs.SessionEnded, end: byAdmin("deleteUser", nil)},
	{name: "suspension", code: errs.TenantSuspended, end: ofTenant("suspendTenant"), undo: ofTenant("resumeTenant")},
	{name: deletionOfTenant, code: errs.SessionEnded, end: func(m *Matrix, ctx context.Context, p *Person) error {
		return m.remove(ctx, tenantRow{ID: p.tenant.ID, Code: p.tenant.code, Status: "active"})
	}},
}

// byAdmin returns a function that sends an operation about the person as an admin of their tenant.
func byAdmin(operation string, body any) func(*Matrix, context.Context, *Person) error {
	return func(m *Matrix, ctx context.Context, p *Person) error {
		return m.do(ctx, operation, m.admins[p.tenant], p.ID.String(), nil, body, nil)
	}
}

// ofTenant returns a function that sends an operation about the person's tenant as the superuser.
func ofTenant(operation string) func(*Matrix, context.Context, *Person) error {
	return func(m *Matrix, ctx context.Context, p *Person) error {
		return m.do(ctx, operation, m.Superuser, p.tenant.ID.String(), nil, nil, nil)
	}
}

func changePassword(m *Matrix, ctx context.Context, p *Person) error {
	another := *p
	if err := m.logIn(ctx, &another); err != nil {
		return err
	}
	return m.do(ctx, "changePassword", &another, "", nil, map[string]string{"current_password": p.Password, "new_password": rand.Text()}, nil)
}

// loseRights starts requests for all operations, ends the right to them in each possible way, and
// resumes them. The server has to refuse them and to change nothing.
func (m *Matrix) loseRights(ctx context.Context) error {
	m.revoked = map[string]*Result{}
	t := newTenant(m.Run, "a short-lived one")
	if err := m.createTenant(ctx, t); err != nil {
		return err
	}
	var rounds []*round
	for _, op := range m.Operations {
		if len(m.Only) == 0 || slices.Contains(m.Only, op.ID) {
			m.revoked[op.ID] = &Result{}
			rounds = append(rounds, &round{Matrix: m, op: op, targets: map[target]string{}})
		}
	}
	for i, e := range endings {
		if i > 0 && m.Hold == nil {
			m.skip("rights that end during a request in other ways than by log-out: only a test can pause the program")
			break
		}
		if err := m.loseRight(ctx, e, t, rounds); err != nil {
			return fmt.Errorf("rights end by %s: %w", e.name, err)
		}
	}
	return nil
}

// loseRight does that for one ending.
func (m *Matrix) loseRight(ctx context.Context, e ending, t *Tenant, rounds []*round) error {
	who, err := m.affected(ctx, e, t)
	if err != nil {
		return err
	}
	var list []*paused
	for _, r := range rounds {
		for _, p := range who {
			if !r.matters(e, p) {
				continue
			}
			of, err := r.requests(ctx, e, p)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", r.op.ID, p.name, err)
			}
			list = append(list, of...)
		}
	}
	for _, p := range list {
		p.begin(ctx)
		defer p.release()
	}
	for _, p := range who {
		if p.entering {
			continue
		}
		if err := e.end(m, ctx, p.person); err != nil {
			return err
		}
	}
	if err := m.resume(ctx, list); err != nil || e.undo == nil {
		return err
	}
	return e.undo(m, ctx, who[0].person)
}

// affected returns the principals whose rights end: an admin, and a superuser. If the tenant is
// deleted, the superuser is one who has entered it; otherwise one who uses global or personal
// operations. A superuser can't be demoted, and the platform's tenant can't be suspended.
func (m *Matrix) affected(ctx context.Context, e ending, t *Tenant) ([]principal, error) {
	admin, err := m.createPerson(ctx, t, access.Admin)
	if err != nil {
		return nil, err
	}
	who := []principal{known("admin", admin)}
	switch {
	case e.name == deletionOfTenant:
		entering := known("superuser with tenant_id", m.Superuser)
		entering.tenant, entering.entering = t, true
		return append(who, entering), nil
	case e.name == demotion, e.undo != nil, m.NewSuperuser == nil:
		return who, nil
	}
	super, err := m.createPerson(ctx, m.platform, access.Superuser)
	if err != nil {
		return nil, err
	}
	return append(who, known("superuser", super)), nil
}

// matters reports whether the principal may call the operation before the ending and not
// afterwards.
func (r *round) matters(e ending, p principal) bool {
	switch {
	case r.op.RequiredRole == access.Anon, p.role() == access.Superuser && !p.entering && !isGlobal(r.op), !p.role().Satisfies(r.op.RequiredRole):
		return false
	case p.entering:
		return r.op.TenantBound
	case e.name == demotion:
		return !access.Viewer.Satisfies(r.op.RequiredRole)
	}
	return true
}

// requests returns the principal's requests for the operation: one that pauses before its body, and
// one that pauses before its handler.
func (r *round) requests(ctx context.Context, e ending, p principal) ([]*paused, error) {
	var list []*paused
	if r.op.Spec.RequestBody != nil {
		a, err := r.revokedAttempt(ctx, e, p, "before the body comes")
		if err != nil {
			return nil, err
		}
		list = append(list, r.pauseBeforeBody(a))
	}
	harmless := !changes(r.op) && !r.op.Streaming // it only reads, so the order doesn't matter
	if r.Hold == nil || harmless && e.name != deletionOfTenant {
		return list, nil
	}
	a, err := r.revokedAttempt(ctx, e, p, "before the handler")
	if err != nil {
		return nil, err
	}
	if harmless {
		a.want = r.success(r.op, p)
		a.want.statuses = append(a.want.statuses, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound)
	}
	return append(list, r.pauseBeforeHandler(a)), nil
}

// revokedAttempt returns a request of a principal whose right ends during it.
func (r *round) revokedAttempt(ctx context.Context, e ending, p principal, when string) (*attempt, error) {
	id, query, err := r.target(ctx, p, r.ownAim(), false)
	if err != nil {
		return nil, err
	}
	body, err := r.body(ctx, r.op, p.tenant, p.person, nil)
	if err != nil {
		return nil, err
	}
	want := refusal(e.code)
	switch {
	case p.entering:
		want = refusal(errs.NotFound)
		for _, t := range []*Tenant{p.tenant, p.person.tenant} {
			want.optional = append(want.optional, Entry{TenantID: t.ID, Action: audit.TenantAccess, Outcome: string(audit.Success)})
		}
	case e.code == errs.Forbidden:
		want.entries = []Entry{denied(r.op, p)}
	case e.code == errs.TenantSuspended:
		want.optional = []Entry{{TenantID: p.tenant.ID, Action: audit.AccessDenied, Outcome: string(audit.Denied)}}
	}
	return r.attempt(p, fmt.Sprintf("%s, and the right ends %s by %s", r.ownAim(), when, e.name), id, query, body, want), nil
}

// resume resumes the requests after the right to them has ended, and judges the replies.
func (m *Matrix) resume(ctx context.Context, list []*paused) error {
	before, err := m.Witness.State(ctx)
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := p.end(); err != nil {
			return fmt.Errorf("%s, %s: %w", p.op.ID, p.aim, err)
		}
		result := m.revoked[p.op.ID]
		result.Requests++
		if p.early {
			result.add(p.attempt, fmt.Sprintf("got %s before the right ended", p.got))
			continue
		}
		m.judgeReply(p.attempt, result)
	}
	after, err := m.Witness.State(ctx)
	if err != nil {
		return err
	}
	if difference := before.compare(after, nil); difference != "" && len(list) > 0 {
		m.revoked[list[0].op.ID].add(list[0].attempt, "this request, or another one that was resumed after it, changes something: "+difference)
	}
	entries, err := m.entries(ctx)
	if err != nil {
		return err
	}
	for _, p := range list {
		if !p.early && slices.Contains(p.want.statuses, p.got.status) && (changes(p.op) || p.op.Streaming) {
			m.judgeEntries(p.attempt, entries[p.id], m.revoked[p.op.ID])
		}
	}
	return nil
}

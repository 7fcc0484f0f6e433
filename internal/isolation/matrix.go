// Package isolation attacks a running installation with every operation of the document, by
// principals with and without the right to it. It reports broken promises: a tenant must not see or
// change anything of another one, roles and sessions must be enforced, and every change and every
// refusal must be in the audit trail.
//
// The code names no operation where the document can tell which one is meant. So new operations are
// attacked without a change here. An operation about an entity that nothing creates is an error.
package isolation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
)

// Matrix is one attack: every operation with every principal and every kind of id. It creates the
// tenants that it needs.
type Matrix struct {
	URL        string // of the installation, without a slash at the end
	HTTP       *http.Client
	Operations []access.Operation
	Only       []string // the operations to attack; empty for all
	Superuser  *Person  // creates the tenants, and is a principal, too
	// Witness reads what requests have changed. The default reads lists with the API as the
	// tenants' admins.
	Witness Witness
	// Run is the prefix of this run's markers; NewRun returns one.
	Run string
	// NewSuperuser creates another superuser. Without it, requests of superusers about the
	// platform's own users and organisation are skipped.
	NewSuperuser func(ctx context.Context) (*Person, error)
	// Expired returns an expired access token of a person. Without it, expired tokens are skipped.
	Expired func(ctx context.Context, p *Person) (string, error)
	// Hold pauses the request with an X-Request-Id after the last check of its session before the
	// handler. It returns a channel that is closed when the request is paused, and a function that
	// resumes it. Without Hold, rights end only by log-out, while a request waits for its body.
	Hold func(requestID string) (reached <-chan struct{}, release func())
	// Progress is called after each operation. It may be nil.
	Progress func(Result)

	client     *client
	byID       map[string]access.Operation
	platform   *Tenant // where superusers live
	own, other *Tenant // attack each other
	suspended  *Tenant
	admins     map[*Tenant]*Person // create their tenant's rows
	principals []principal
	bases      map[*Tenant]map[string]thing // rows that bodies refer to
	known      map[uuid.UUID]*Tenant        // the tenant of an id
	sent       map[uuid.UUID]map[*Tenant]bool
	sessions   []string           // access tokens of superusers, to log out
	revoked    map[string]*Result // results of requests during which the right to them ended, by operation
	counter    int
	skipped    []string
	begun      bool // CleanUp has something to do
}

// NewRun returns a random name for a run.
func NewRun() string { return randomText() }

// World has the tenants of a run.
type World struct {
	Platform, Own, Other, Suspended *Tenant
}

// renewBefore is how long before a token expires the person logs in again.
const renewBefore = 30 * time.Second

// errOffLimits is the error for a request that can't or must not be sent to this installation. The
// report names it as skipped.
var errOffLimits = errors.New("off limits")

// Attack runs the matrix. An error means that the run ended early; the report then has the results
// so far. Violations are in the report.
func (m *Matrix) Attack(ctx context.Context) (Report, error) {
	report := Report{Results: []Result{}, Skipped: []string{}}
	err := m.prepare(ctx)
	if err == nil {
		err = m.loseRights(ctx)
	}
	for _, op := range m.Operations {
		if err != nil {
			break
		}
		if len(m.Only) > 0 && !slices.Contains(m.Only, op.ID) {
			continue
		}
		var result Result
		if result, err = m.attack(ctx, op); err != nil {
			err = fmt.Errorf("%s: %w", op.ID, err)
		}
		report.Results = append(report.Results, result)
		if m.Progress != nil {
			m.Progress(result)
		}
	}
	report.Skipped = append(report.Skipped, m.skipped...)
	return report, err
}

// prepare creates the tenants and people.
func (m *Matrix) prepare(ctx context.Context) error {
	m.client = &client{url: m.URL, http: m.HTTP}
	m.byID = map[string]access.Operation{}
	for _, op := range m.Operations {
		m.byID[op.ID] = op
	}
	m.bases, m.known, m.sent = map[*Tenant]map[string]thing{}, map[uuid.UUID]*Tenant{}, map[uuid.UUID]map[*Tenant]bool{}
	m.admins = map[*Tenant]*Person{}
	m.platform = newTenant(m.Run, "the platform")
	m.platform.ID = access.PlatformTenantID
	m.Superuser.tenant, m.Superuser.Role = m.platform, access.Superuser
	m.admins[m.platform] = m.Superuser
	m.own, m.other, m.suspended = newTenant(m.Run, "own"), newTenant(m.Run, "other"), newTenant(m.Run, "suspended")
	if err := m.logIn(ctx, m.Superuser); err != nil {
		return err
	}
	m.begun = true
	for _, t := range []*Tenant{m.own, m.other, m.suspended} {
		if err := m.createTenant(ctx, t); err != nil {
			return fmt.Errorf("make a tenant: %w", err)
		}
	}
	if err := m.addPrincipals(ctx); err != nil {
		return err
	}
	// Two of everything, so that lists have a second page. No request names the id of the second
	// one.
	for _, t := range []*Tenant{m.own, m.other} {
		for _, entity := range m.entities() {
			for range 2 {
				if _, err := m.make(ctx, entity, m.admins[t]); err != nil {
					return err
				}
			}
		}
	}
	world := World{Platform: m.platform, Own: m.own, Other: m.other, Suspended: m.suspended}
	if m.Witness == nil {
		m.Witness = &remoteWitness{matrix: m, newest: map[*Tenant]uuid.UUID{}}
	}
	if err := m.Witness.Begin(ctx, world); err != nil {
		return fmt.Errorf("look at the installation: %w", err)
	}
	return nil
}

// skip records what isn't tried.
func (m *Matrix) skip(what string) {
	if !slices.Contains(m.skipped, what) {
		m.skipped = append(m.skipped, what)
	}
}

// know records the tenant of an id.
func (m *Matrix) know(t *Tenant, id uuid.UUID) { m.known[id] = t }

// next returns a number that is unique in this run.
func (m *Matrix) next() int {
	m.counter++
	return m.counter
}

// renewTokens logs people in again whose tokens expire soon. It drops principals that can't log in
// again.
func (m *Matrix) renewTokens(ctx context.Context) error {
	var left []principal
	for _, p := range m.principals {
		switch {
		case p.person == nil || time.Until(p.person.until) > renewBefore:
		case p.refused != "":
			m.skip(p.name + ", for some operations: its access token expired during the run")
			continue
		default:
			if err := m.logIn(ctx, p.person); err != nil {
				return err
			}
			p.token = p.person.accessToken
		}
		left = append(left, p)
	}
	m.principals = left
	return nil
}

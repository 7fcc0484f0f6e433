// Package isolation attacks a running installation with every operation of the document, as
// everyone who shouldn't get anywhere and as those who may, and says where a promise was broken:
// that a tenant sees nothing of another one and changes nothing of it, that roles and sessions mean
// something, and that what was done and what was denied is written down.
//
// Nothing here names an operation that could follow from the document. A new one is attacked
// without a new line; if that can't be done, because it is about things that nobody here can make,
// the attack fails and says so.
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

// Matrix is one attack: every operation x everyone who may ask x every id that they may ask for.
// What it needs it makes itself, in tenants of its own.
type Matrix struct {
	URL        string // of the installation, without a slash at the end
	HTTP       *http.Client
	Operations []access.Operation
	Only       []string // the operations to attack; none are all
	Superuser  *Person  // who makes the tenants, and takes part
	// Witness sees what requests leave behind. Without one, it is seen with the eyes of the
	// tenants' admins.
	Witness Witness
	// Run is what the marks of this run begin with; NewRun returns one.
	Run string
	// NewSuperuser makes another superuser. Without it, what a superuser may do to the platform's
	// own people and organisation isn't tried.
	NewSuperuser func(ctx context.Context) (*Person, error)
	// Expired returns an access token of someone that was good once. Without it, none is tried.
	Expired func(ctx context.Context, p *Person) (string, error)
	// Hold makes the request with an X-Request-Id wait after its principal was looked up for the
	// last time before the handler. It returns what is closed when the request waits, and what lets
	// it go on a second later. Without it, rights end while a body is on its way, by log-out, and
	// in no other way.
	Hold func(requestID string) (reached <-chan struct{}, release func())
	// Progress is called after each operation. It may be nil.
	Progress func(Result)

	client     *client
	byID       map[string]access.Operation
	platform   *Tenant // where superusers live
	own, other *Tenant // who attack each other
	suspended  *Tenant
	admins     map[*Tenant]*Person // who make what their tenant needs
	principals []principal
	bases      map[*Tenant]map[string]thing // what bodies refer to
	known      map[uuid.UUID]*Tenant        // whose an id is
	sent       map[uuid.UUID]map[*Tenant]bool
	sessions   []string           // access tokens of superusers
	lost       map[string]*Result // of the requests whose principals lose the right to them, by the operation
	counter    int
	skipped    []string
	begun      bool // there may be tenants to delete
}

// NewRun returns a name that no other run has.
func NewRun() string { return randomText() }

// World is who takes part.
type World struct {
	Platform, Own, Other, Suspended *Tenant
}

// renewBefore is how long before the end of their tokens people log in again.
const renewBefore = 30 * time.Second

// errOffLimits is what can't, or mustn't, be done to the installation. The report says what is left
// out.
var errOffLimits = errors.New("off limits")

// Attack runs the matrix. The error is about what kept it from being run to its end; what is wrong
// with the installation is in the report, which has what was found until then.
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

// prepare makes tenants and people.
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
		if err := m.found(ctx, t); err != nil {
			return fmt.Errorf("make a tenant: %w", err)
		}
	}
	if err := m.gather(ctx); err != nil {
		return err
	}
	// Two of everything, so that lists have a second page. The second one's id is never sent to
	// anyone.
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

// skip notes what isn't tried.
func (m *Matrix) skip(what string) {
	if !slices.Contains(m.skipped, what) {
		m.skipped = append(m.skipped, what)
	}
}

// know remembers whose an id is.
func (m *Matrix) know(t *Tenant, id uuid.UUID) { m.known[id] = t }

// next returns a number that no row has yet.
func (m *Matrix) next() int {
	m.counter++
	return m.counter
}

// stayLoggedIn renews the tokens of those who may go on, and takes leave of the others whose tokens
// have expired.
func (m *Matrix) stayLoggedIn(ctx context.Context) error {
	var left []principal
	for _, p := range m.principals {
		switch {
		case p.person == nil || time.Until(p.person.until) > renewBefore:
		case p.refused != "":
			m.skip(p.name + ", in a part of the operations: access tokens expire so soon here")
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

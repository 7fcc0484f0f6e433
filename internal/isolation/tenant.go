package isolation

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
)

// Tenant is a tenant that takes part in a run.
type Tenant struct {
	ID   uuid.UUID
	Name string // in the report: own, other, ...

	code   string
	marker string // contained in texts of every row of the tenant, and of no other
	bait   string // the part of the marker that other tenants search for
}

// newTenant returns a tenant without an id. All markers of a run have the same prefix.
func newTenant(run, name string) *Tenant {
	bait := randomText()
	return &Tenant{Name: name, marker: run + bait, bait: bait}
}

func randomText() string { return strings.ToLower(rand.Text()[:6]) }

// Person is a user who can log in.
type Person struct {
	ID              uuid.UUID // set after the first log-in
	Role            access.Role
	Email, Password string

	tenant                    *Tenant
	accessToken, refreshToken string
	until                     time.Time // when the access token expires
	oneTimeToken              string    // to choose a password
}

// do sends a request for an operation, which has to succeed. Without by it sends no token.
func (m *Matrix) do(ctx context.Context, id string, by *Person, target string, query url.Values, body any, into any) error {
	op, ok := m.byID[id]
	if !ok {
		return fmt.Errorf("the document has no operation %s", id)
	}
	r := request{method: op.Method, path: address(op, target, query), header: http.Header{"User-Agent": {userAgent}}}
	if by != nil {
		r.header = m.headerOf(by)
	}
	if body != nil {
		var err error
		if r.body, err = json.Marshal(body); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
	}
	got, err := m.client.do(ctx, r)
	if err != nil {
		return fmt.Errorf("%s: %w", id, err)
	}
	if got.status >= http.StatusMultipleChoices {
		return fmt.Errorf("%s: %s", id, got)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(got.body, into); err != nil {
		return fmt.Errorf("%s: decode reply: %w", id, err)
	}
	return nil
}

// userAgent is that of requests without a tenant.
const userAgent = "tenantry verify isolation"

func agent(t *Tenant) string { return userAgent + " " + t.marker }

func (m *Matrix) headerOf(p *Person) http.Header {
	return http.Header{"User-Agent": {agent(p.tenant)}, "Authorization": {"Bearer " + p.accessToken}}
}

// createTenant creates a tenant with an admin, who is logged in.
func (m *Matrix) createTenant(ctx context.Context, t *Tenant) error {
	var created tenantRow
	body := map[string]string{"code": m.mark(t), "name": "Isolation check, " + t.Name + " " + t.marker}
	if err := m.do(ctx, "createTenant", m.Superuser, "", nil, body, &created); err != nil {
		return err
	}
	t.ID, t.code = created.ID, created.Code
	m.know(t, t.ID)
	admin, err := m.createPerson(ctx, t, access.Admin)
	m.admins[t] = admin
	return err
}

// mark returns a unique text with the tenant's marker.
func (m *Matrix) mark(t *Tenant) string { return fmt.Sprintf("%s-%d", t.marker, m.next()) }

// createPerson creates a person and logs them in. For a superuser the error may be errOffLimits.
func (m *Matrix) createPerson(ctx context.Context, t *Tenant, role access.Role) (*Person, error) {
	if role == access.Superuser {
		if m.NewSuperuser == nil {
			return nil, errOffLimits
		}
		p, err := m.NewSuperuser(ctx)
		if err != nil {
			return nil, err
		}
		p.tenant, p.Role = m.platform, access.Superuser
		return p, m.logIn(ctx, p)
	}
	p, err := m.invite(ctx, t, role)
	if err != nil {
		return nil, err
	}
	return p, m.acceptInvitation(ctx, p)
}

// invite creates a person without a password.
func (m *Matrix) invite(ctx context.Context, t *Tenant, role access.Role) (*Person, error) {
	p := &Person{Role: role, tenant: t, Email: m.mark(t) + "@isolation.example", Password: rand.Text()}
	var created struct {
		User         struct{ ID uuid.UUID }
		OneTimeToken struct{ Token string } `json:"one_time_token"`
	}
	body := map[string]string{"email": p.Email, "full_name": "Isolation check " + t.marker, "role": string(role)}
	if err := m.do(ctx, "createUser", m.Superuser, "", inTenant(t), body, &created); err != nil {
		return nil, err
	}
	p.ID, p.oneTimeToken = created.User.ID, created.OneTimeToken.Token
	m.know(t, p.ID)
	return p, nil
}

// acceptInvitation sets the person's password and logs them in.
func (m *Matrix) acceptInvitation(ctx context.Context, p *Person) error {
	body := map[string]string{"token": p.oneTimeToken, "new_password": p.Password}
	if err := m.do(ctx, "resetPassword", nil, "", nil, body, nil); err != nil {
		return err
	}
	return m.logIn(ctx, p)
}

// logIn starts a session of a person. Its user agent has the tenant's marker.
func (m *Matrix) logIn(ctx context.Context, p *Person) error {
	var grant struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
		ExpiresIn    int64  `json:"expires_in"`
		User         struct{ ID uuid.UUID }
	}
	stranger := &Person{tenant: p.tenant}
	body := map[string]string{"email": p.Email, "password": p.Password}
	if err := m.do(ctx, "login", stranger, "", nil, body, &grant); err != nil {
		return err
	}
	p.ID, p.accessToken, p.refreshToken = grant.User.ID, grant.AccessToken, grant.RefreshToken
	p.until = time.Now().Add(time.Duration(grant.ExpiresIn) * time.Second)
	if p.Role == access.Superuser {
		m.sessions = append(m.sessions, p.accessToken)
	}
	return nil
}

func inTenant(t *Tenant) url.Values { return url.Values{"tenant_id": {t.ID.String()}} }

// CleanUp deletes all tenants of the run, including those that an attack created, and ends the
// superuser's sessions. It returns the codes of the tenants that it couldn't delete. It works after
// a failure at any point of the run.
func (m *Matrix) CleanUp(ctx context.Context) (left []string, err error) {
	if !m.begun {
		return nil, nil
	}
	if err := m.logIn(ctx, m.Superuser); err != nil {
		return nil, err
	}
	tenants, err := m.ofThisRun(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range tenants {
		if gone := m.remove(ctx, t); gone != nil {
			left = append(left, t.Code)
			err = errors.Join(err, fmt.Errorf("delete tenant %s: %w", t.Code, gone))
		}
	}
	for _, token := range m.sessions {
		// This fails for a token that has expired or a session that has ended, which is fine.
		_ = m.do(ctx, "logout", &Person{tenant: m.platform, accessToken: token}, "", nil, nil, nil)
	}
	m.sessions = nil
	return left, err
}

type tenantRow struct {
	ID     uuid.UUID
	Code   string
	Status string
}

// ofThisRun lists the tenants whose codes contain Run.
func (m *Matrix) ofThisRun(ctx context.Context) ([]tenantRow, error) {
	var found []tenantRow
	query := url.Values{"q": {m.Run}, "limit": {"100"}}
	for {
		var page struct {
			Items      []tenantRow
			NextCursor string `json:"next_cursor"`
		}
		if err := m.do(ctx, "listTenants", m.Superuser, "", query, nil, &page); err != nil {
			return nil, err
		}
		for _, t := range page.Items {
			if strings.Contains(strings.ToLower(t.Code), m.Run) {
				found = append(found, t)
			}
		}
		if page.NextCursor == "" {
			return found, nil
		}
		query.Set("cursor", page.NextCursor)
	}
}

// remove deletes a tenant. It repeats the request until the deletion is complete.
func (m *Matrix) remove(ctx context.Context, t tenantRow) error {
	if t.Status == "active" {
		if err := m.do(ctx, "suspendTenant", m.Superuser, t.ID.String(), nil, nil, nil); err != nil {
			return err
		}
	}
	op := m.byID["deleteTenant"]
	r := request{method: op.Method, path: address(op, t.ID.String(), url.Values{"confirm_code": {t.Code}}), header: m.headerOf(m.Superuser)}
	for {
		got, err := m.client.do(ctx, r)
		if err != nil {
			return err
		}
		switch got.status {
		case http.StatusNoContent, http.StatusNotFound:
			return nil
		case http.StatusAccepted:
			pause, _ := got.retryAfter()
			if err := wait(ctx, pause); err != nil {
				return err
			}
		default:
			return errors.New(got.String())
		}
	}
}

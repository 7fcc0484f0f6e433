package galera_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/app"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/store"
)

// pairs is how often each test sends two simultaneous requests to instances on different nodes.
const pairs = 80

// TestGalera checks the program's promises with instances on different nodes of a cluster.
func TestGalera(t *testing.T) {
	c := startCluster(t)
	for _, part := range []struct {
		name string
		test func(*testing.T, *cluster)
	}{
		{"the last admin stays", lastAdmin},
		{"quotas are enforced", quotas},
		{"two simultaneous moves don't make a cycle", cycles},
		{"a company is deleted with everything below it", deletions},
		{"a code is used only once", codes},
		{"a refresh token has one successor", refreshes},
		{"every node reads the writes of the others", reads},
		{"the doctor checks the cluster", examined},
		{"a node that refuses everything", refusingNode},
		{"a node that is cut off", lonelyNode},
		{"the audit trail is intact and equal on all nodes", trails},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, c) })
	}
}

// request is one request of a pair.
type request struct {
	by           *apitest.Actor
	method, path string
	body         string
}

// together sends both requests at the same time and returns their replies.
func together(t *testing.T, first, second request) [2]apitest.Reply {
	t.Helper()
	var replies [2]apitest.Reply
	var ready, sent sync.WaitGroup
	ready.Add(len(replies))
	for i, r := range []request{first, second} {
		sent.Go(func() {
			ready.Done()
			ready.Wait()
			replies[i] = r.by.Do(t, r.method, r.path, r.body)
		})
	}
	sent.Wait()
	for i, reply := range replies {
		if reply.Status >= http.StatusInternalServerError {
			t.Errorf("request %d: status %d: %s", i+1, reply.Status, reply.Body)
		}
	}
	return replies
}

// on returns the actor as a client of a node's instance.
func (c *cluster) on(node int, by *apitest.Actor) *apitest.Actor { return by.At(c.apps[node]) }

func lastAdmin(t *testing.T, c *cluster) {
	for i := range pairs {
		tenantID := c.apps[0].Tenant(t).ID
		one, two := c.apps[0].ActorIn(t, tenantID, access.Admin), c.apps[0].ActorIn(t, tenantID, access.Admin)
		lose := func(by, of *apitest.Actor) request {
			user := "/api/v1/users/" + of.User.ID.String()
			switch i % 3 {
			case 0:
				return request{by, http.MethodPost, user + "/deactivate", ""}
			case 1:
				return request{by, http.MethodPut, user, `{"role":"viewer"}`}
			default:
				return request{by, http.MethodDelete, user, ""}
			}
		}
		together(t, lose(one, two), lose(c.on(1, two), one))
		left := c.count(t, 2, "SELECT count(*) FROM tenantry.users WHERE tenant_id = ? AND role = 'admin' AND is_active", tenantID)
		if left == 0 {
			t.Errorf("pair %d: no admin is left", i)
		}
	}
}

func quotas(t *testing.T, c *cluster) {
	for i := range pairs {
		tenant := c.apps[0].Tenant(t, func(t *db.Tenant) { t.MaxCompanies, t.MaxUsers = new(int64(1)), new(int64(2)) })
		by := c.apps[0].ActorIn(t, tenant.ID, access.Admin)
		path, table, limit := "/api/v1/org/companies", "companies", 1
		body := func(name string) string { return fmt.Sprintf(`{"code":%q,"name":"Company"}`, name) }
		if i%2 == 1 {
			path, table, limit = "/api/v1/users", "users", 2
			body = func(name string) string {
				return fmt.Sprintf(`{"email":"%s-%s@example.com","full_name":"User","role":"viewer"}`, name, tenant.ID)
			}
		}
		replies := together(t, request{by, http.MethodPost, path, body("A")}, request{c.on(1, by), http.MethodPost, path, body("B")})
		if n := c.count(t, 2, "SELECT count(*) FROM tenantry."+table+" WHERE tenant_id = ?", tenant.ID); n != limit {
			t.Errorf("pair %d: %d %s, want %d (%d, %d)", i, n, table, limit, replies[0].Status, replies[1].Status)
		}
	}
}

func cycles(t *testing.T, c *cluster) {
	by := c.apps[0].Actor(t, access.Admin)
	for i := range pairs {
		company := c.apps[0].Company(t, by.User.TenantID)
		one, two := c.apps[0].Department(t, company), c.apps[0].Department(t, company)
		move := func(by *apitest.Actor, d, below db.Department) request {
			return request{by, http.MethodPut, "/api/v1/org/departments/" + d.ID.String(), fmt.Sprintf(`{"parent_id":%q}`, below.ID)}
		}
		replies := together(t, move(by, one, two), move(c.on(1, by), two, one))
		if n := c.count(t, 2, "SELECT count(*) FROM tenantry.departments WHERE company_id = ? AND parent_id IS NOT NULL", company.ID); n != 1 {
			t.Errorf("pair %d: %d departments have a parent, want 1 (%d, %d)", i, n, replies[0].Status, replies[1].Status)
		}
	}
}

func deletions(t *testing.T, c *cluster) {
	by := c.apps[0].Actor(t, access.Admin)
	for i := range pairs {
		company := c.apps[0].Company(t, by.User.TenantID)
		branch := c.apps[0].Branch(t, company)
		create := request{
			c.on(1, by), http.MethodPost, "/api/v1/org/departments",
			fmt.Sprintf(`{"company_id":%q,"branch_id":%q,"code":"D","name":"D"}`, company.ID, branch.ID),
		}
		if i%2 == 1 {
			create.path = "/api/v1/users"
			create.body = fmt.Sprintf(`{"email":"%s@example.com","full_name":"U","role":"viewer","branch_id":%q}`, branch.ID, branch.ID)
		}
		replies := together(t, request{by, http.MethodDelete, "/api/v1/org/companies/" + company.ID.String(), ""}, create)
		replies[0].Want(t, http.StatusNoContent)
		for _, left := range []string{
			"SELECT count(*) FROM tenantry.departments WHERE company_id = ?", "SELECT count(*) FROM tenantry.branches WHERE company_id = ?",
			"SELECT count(*) FROM tenantry.users u WHERE branch_id IS NOT NULL AND branch_id NOT IN (SELECT id FROM tenantry.branches) AND ? <> ''",
		} {
			if n := c.count(t, 2, left, company.ID); n != 0 {
				t.Errorf("pair %d: %d rows of the company are left (%d): %s", i, n, replies[1].Status, left)
			}
		}
	}
}

func codes(t *testing.T, c *cluster) {
	by := c.apps[0].Actor(t, access.Admin)
	for i := range pairs {
		path, body := "/api/v1/org/companies", fmt.Sprintf(`{"code":"CODE%d","name":"Company"}`, i)
		if i%2 == 1 {
			path, body = "/api/v1/users", fmt.Sprintf(`{"email":"%s@example.com","full_name":"User","role":"viewer"}`, uuid.New())
		}
		replies := together(t, request{by, http.MethodPost, path, body}, request{c.on(1, by), http.MethodPost, path, body})
		if got := replies[0].Status + replies[1].Status; got != http.StatusCreated+http.StatusConflict {
			t.Errorf("pair %d: status %d and %d, want 201 and 409", i, replies[0].Status, replies[1].Status)
		}
	}
}

func refreshes(t *testing.T, c *cluster) {
	for i := range pairs {
		by := c.apps[0].Actor(t, access.Viewer)
		refresh := func(by *apitest.Actor) request {
			return request{by, http.MethodPost, "/api/v1/auth/refresh", fmt.Sprintf(`{"refresh_token":%q}`, by.RefreshToken)}
		}
		replies := together(t, refresh(by), refresh(c.on(1, by)))
		type grant struct {
			RefreshToken string `json:"refresh_token"`
		}
		first := apitest.Decode[grant](t, replies[0].Want(t, http.StatusOK))
		second := apitest.Decode[grant](t, replies[1].Want(t, http.StatusOK))
		if first != second {
			t.Errorf("pair %d: two successors of one refresh token", i)
		}
	}
}

// reads shows why wsrep_sync_wait is set: without it a node may lack writes that another node has
// acknowledged.
func reads(t *testing.T, c *cluster) {
	for range pairs {
		by := c.apps[0].Actor(t, access.Admin)
		company := apitest.Decode[struct{ ID uuid.UUID }](t,
			by.Do(t, http.MethodPost, "/api/v1/org/companies", `{"code":"C","name":"Company"}`).Want(t, http.StatusCreated))
		path := "/api/v1/org/companies/" + company.ID.String()
		c.on(1, by).Do(t, http.MethodGet, path, "").Want(t, http.StatusOK)
		c.on(2, by).Do(t, http.MethodPut, path, `{"name":"Other"}`).Want(t, http.StatusOK)
		c.on(1, by).Do(t, http.MethodPost, "/api/v1/org/branches", fmt.Sprintf(`{"company_id":%q,"code":"B","name":"B"}`, company.ID)).Want(t, http.StatusCreated)
		by.Do(t, http.MethodPost, "/api/v1/auth/logout", `{}`).Want(t, http.StatusNoContent)
		c.on(1, by).Do(t, http.MethodGet, path, "").Want(t, http.StatusUnauthorized)
	}
}

func examined(t *testing.T, c *cluster) {
	examine := func() doctor.Check {
		patient := doctor.Patient{
			Config: c.apps[cut].Config, Now: time.Now,
			OpenStore: func(ctx context.Context) (*store.Store, error) {
				return store.Open(ctx, c.apps[cut].Config.DatabaseURL.Reveal(), store.Options{MaxConnections: 1})
			},
			DemoAccounts: func(context.Context, *store.Store) ([]string, error) { return nil, nil },
		}
		for _, check := range doctor.Examine(t.Context(), patient) {
			if check.Name == "cluster" {
				return check
			}
		}
		t.Fatal("the doctor doesn't check the cluster")
		return doctor.Check{}
	}
	if check := examine(); check.Result != doctor.OK || !strings.Contains(check.Detail, "3 nodes") {
		t.Errorf("%+v, want ok for a cluster of 3 nodes", check)
	}
	c.exec(t, cut, "SET GLOBAL wsrep_sync_wait = 1")
	if check := examine(); check.Result != doctor.Warning || !strings.Contains(check.Fix, "wsrep_sync_wait = 7") {
		t.Errorf("%+v, want a warning about wsrep_sync_wait", check)
	}
	c.exec(t, cut, "SET GLOBAL wsrep_sync_wait = 7")
}

// trails seals the entries of all tests on all nodes at once, verifies every trail on each node,
// and compares the nodes.
func trails(t *testing.T, c *cluster) {
	keys, err := app.AuditKeys(c.apps[0].Config)
	if err != nil {
		t.Fatal(err)
	}
	ids := c.ids(t, "SELECT id FROM tenantry.tenants")
	var sealing sync.WaitGroup
	for _, a := range c.apps {
		sealing.Go(func() {
			sealer := audit.NewSealer(a.Store, keys, slog.New(slog.DiscardHandler))
			for _, id := range ids {
				if _, err := sealer.Seal(t.Context(), id); err != nil {
					t.Errorf("seal the trail of %s: %v", id, err)
				}
			}
		})
	}
	sealing.Wait()
	for _, id := range ids {
		check, err := audit.NewVerifier(c.apps[cut].Store, keys).Begin(id, "")
		if err != nil {
			t.Fatal(err)
		}
		for done := false; !done; {
			if done, err = check.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if result := check.Result(); result.Status != audit.Intact {
			t.Errorf("the trail of %s: %+v", id, result)
		}
	}
	for _, table := range []string{"tenants", "companies", "branches", "departments", "users", "sessions", "audit_entries", "audit_links", "audit_seals"} {
		sums := map[string]bool{}
		for node := range nodes {
			c.count(t, node, "SELECT count(*) FROM tenantry."+table) // waits for the writes of other nodes
			var name, sum string
			if err := c.admin[node].QueryRowContext(t.Context(), "CHECKSUM TABLE tenantry."+table).Scan(&name, &sum); err != nil {
				t.Fatal(err)
			}
			sums[sum] = true
		}
		if len(sums) != 1 {
			t.Errorf("the nodes differ in %s", table)
		}
	}
}

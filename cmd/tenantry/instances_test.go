package main_test

import (
	"fmt"
	"net/http"
	"regexp"
	"syscall"
	"testing"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/postgrestest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func TestTwoInstancesShareSessionsAndTrail(t *testing.T) {
	t.Parallel()
	t.Run("with Redis", func(t *testing.T) {
		t.Parallel()
		mustActAsOne(t, "REDIS_URL="+storetest.RedisURL(t))
	})
	t.Run("without Redis", func(t *testing.T) {
		t.Parallel()
		mustActAsOne(t)
	})
}

// mustActAsOne starts two instances at once on an empty PostgreSQL database. It fails the test
// unless changes on one instance take effect on the other soon after.
func mustActAsOne(t *testing.T, env ...string) {
	t.Helper()
	databaseURL := storetest.NewURL(t, store.Postgres)
	home := newInstallation(t, append(env, "DATABASE_URL="+databaseURL, "AUTO_MIGRATE=true", "LOG_LEVEL=info")...)
	one, two := home.start("serve"), home.start("serve")
	for _, p := range []*process{one, two} {
		p.url = p.await(&p.stdout, regexp.MustCompile(`is ready at (http://[^\s"]+)`))[1]
	}
	s := storetest.Open(t, databaseURL)
	a := aside(store.Postgres, databaseURL)
	a.Store = s
	tenant := a.Tenant(t)
	first, second := a.User(t, tenant.ID, access.Admin), a.User(t, tenant.ID, access.Admin)
	superuser := a.User(t, access.PlatformTenantID, access.Admin, asSuperuser)

	// Log in on one, log out on the other.
	g := one.login(first.Email, apitest.Password)
	two.do(http.MethodPost, logoutPath, "", bearer(g.Access)).want(t, http.StatusNoContent)
	two.do(http.MethodGet, mePath, "", bearer(g.Access)).wantProblem(t, http.StatusUnauthorized, "session_ended")
	one.mustSoonRefuse(http.MethodGet, mePath, "", g.Access, http.StatusUnauthorized, "session_ended")
	for _, p := range []*process{one, two} {
		p.refresh(g.Refresh).wantProblem(t, http.StatusUnauthorized, "session_ended")
	}

	// Changes on both instances are in one trail.
	firstToken := two.login(first.Email, apitest.Password).Access
	secondToken := one.login(second.Email, apitest.Password).Access
	w := startCreators(firstToken, 4, one, two)
	w.awaitMore(100)
	mustHoldAll(t, store.Postgres, tenant.ID, w.stop(), databaseURL)

	// An admin demoted on one instance is refused on both.
	body := `{"code":"NEW","name":"New"}`
	for _, p := range []*process{one, two} {
		p.do(http.MethodGet, mePath, "", bearer(secondToken)).want(t, http.StatusOK)
	}
	two.do(http.MethodPut, "/api/v1/users/"+second.ID.String(), `{"role":"user"}`, bearer(firstToken)).want(t, http.StatusOK)
	two.do(http.MethodPost, companiesPath, body, bearer(secondToken)).wantProblem(t, http.StatusForbidden, "forbidden")
	one.mustSoonRefuse(http.MethodPost, companiesPath, body, secondToken, http.StatusForbidden, "forbidden")

	// All users of a suspended tenant are refused, too.
	superToken := one.login(superuser.Email, apitest.Password).Access
	one.do(http.MethodPost, fmt.Sprintf("/api/v1/tenants/%s/suspend", tenant.ID), "", bearer(superToken)).want(t, http.StatusOK)
	one.do(http.MethodGet, companiesPath, "", bearer(firstToken)).wantProblem(t, http.StatusForbidden, "tenant_suspended")
	two.mustSoonRefuse(http.MethodGet, companiesPath, "", firstToken, http.StatusForbidden, "tenant_suspended")
	for _, p := range []*process{one, two} {
		p.terminate()
	}
	home.run(0, "audit", "verify")
}

func asSuperuser(u *db.User) { u.IsSuperuser = true }

// terminate stops an instance with SIGTERM.
func (p *process) terminate() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if status := p.wait(); status != 0 {
		p.t.Errorf("exit status %d, want 0\n%s", status, p)
	}
}

func TestSeveralInstancesWorkThroughPgbouncer(t *testing.T) {
	t.Parallel()
	direct := storetest.NewURL(t, store.Postgres)
	const few = 5 // so that a client's statements use changing connections
	pooled := postgrestest.Bouncer(t, direct, few)
	admin := newAdmin(t, store.Postgres, direct)
	home := newInstallation(t, "LOG_LEVEL=info", "DATABASE_URL="+pooled)
	one, two := home.serve(), home.serve()
	token := one.login(admin.Email, apitest.Password).Access
	w := startCreators(token, 8, one, two)
	w.awaitMore(300)
	for _, p := range []*process{one, two} {
		for _, path := range []string{"", "?limit=5&count=true&q=company&sort=-name"} {
			p.do(http.MethodGet, companiesPath+path, "", bearer(token)).want(t, http.StatusOK)
		}
	}
	acknowledged := w.stop()
	if n := w.refused.Load(); n > 0 {
		t.Errorf("%d of the creations were refused, want none", n)
	}
	mustHoldAll(t, store.Postgres, admin.TenantID, acknowledged, direct)
	two.do(http.MethodPost, logoutPath, "", bearer(token)).want(t, http.StatusNoContent)
	one.do(http.MethodGet, mePath, "", bearer(token)).wantProblem(t, http.StatusUnauthorized, "session_ended")
	for _, p := range []*process{one, two} {
		p.terminate()
	}
	home.run(0, "audit", "verify")
	home.run(0, "migrate", "status")
	home.run(1, "migrate", "down").wantError("give MIGRATIONS_DATABASE_URL the address of the database itself")
	home.run(1, "backup", "pooled").wantError("give BACKUP_DATABASE_URL the address of the database itself")
	home.wantNoBackup("pooled")
}

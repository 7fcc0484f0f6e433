package main_test

import (
	"testing"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/postgrestest"
	"github.com/tenantry/tenantry/internal/store"
)

func TestWritesGoOnAfterAFailover(t *testing.T) {
	t.Parallel()
	primary := postgrestest.New(t)
	primary.Exec("CREATE DATABASE tenantry")
	admin := newAdmin(t, store.Postgres, primary.URL("tenantry"))
	standby := primary.Follow()
	home := newInstallation(t, "LOG_LEVEL=info",
		"DATABASE_URL=postgres://postgres@"+primary.Addr+","+standby.Addr+"/tenantry?sslmode=disable&target_session_attrs=read-write")
	p := home.serve()
	token := p.login(admin.Email, apitest.Password).Access
	w := startCreators(token, 8, p)
	w.awaitMore(100)

	primary.Kill()
	standby.Promote()
	w.awaitMore(100)
	mustHoldAll(t, store.Postgres, admin.TenantID, w.stop(), standby.URL("tenantry"))
	home.with("DATABASE_URL="+standby.URL("tenantry")).run(0, "audit", "verify")

	// No connection breaks when a server takes no changes any more. The next write finds out, and
	// goes to the other one.
	primary.Start()
	primary.Exec("ALTER SYSTEM SET synchronous_standby_names = ''")
	primary.Exec("SELECT pg_reload_conf()")
	standby.Exec("ALTER SYSTEM SET default_transaction_read_only = on")
	standby.Exec("SELECT pg_reload_conf()")
	w = startCreators(token, 8, p)
	w.awaitMore(50)
	// Some may have got through before the standby had read its new setting.
	mustHoldAll(t, store.Postgres, admin.TenantID, w.stop(), primary.URL("tenantry"), standby.URL("tenantry"))
	if n := w.refused.Load(); n > 0 {
		t.Errorf("%d writes were refused while another server took them, want none", n)
	}
}

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

	// Connections stay open when a server becomes read-only. The next write fails and goes to the
	// other server.
	primary.Start()
	primary.Exec("ALTER SYSTEM SET synchronous_standby_names = ''")
	primary.Exec("SELECT pg_reload_conf()")
	standby.Exec("ALTER SYSTEM SET default_transaction_read_only = on")
	standby.Exec("SELECT pg_reload_conf()")
	w = startCreators(token, 8, p)
	w.awaitMore(50)
	// Some writes may have reached the standby before it read its new setting.
	mustHoldAll(t, store.Postgres, admin.TenantID, w.stop(), primary.URL("tenantry"), standby.URL("tenantry"))
	if n := w.refused.Load(); n > 0 {
		t.Errorf("%d writes were refused although another server was writable, want none", n)
	}
}

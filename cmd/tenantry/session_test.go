package main_test

import (
	"net/http"
	"syscall"
	"testing"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func TestSessionsSurviveARestart(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		home := newInstallation(t, "DATABASE_URL="+databaseURL)
		admin := newAdmin(t, engine, databaseURL)
		p := home.serve()
		ended, open := p.login(admin.Email, apitest.Password), p.login(admin.Email, apitest.Password)
		p.do(http.MethodPost, logoutPath, "", bearer(ended.Access)).want(t, http.StatusNoContent)
		p.signal(syscall.SIGTERM)
		p.wait()

		p = home.serve()
		p.do(http.MethodGet, mePath, "", bearer(ended.Access)).wantProblem(t, http.StatusUnauthorized, "session_ended")
		p.refresh(ended.Refresh).wantProblem(t, http.StatusUnauthorized, "session_ended")
		p.do(http.MethodGet, mePath, "", bearer(open.Access)).want(t, http.StatusOK)
		renewed := decode[grant](t, p.refresh(open.Refresh).want(t, http.StatusOK))
		home.secrets.add(renewed.Access, renewed.Refresh)
		p.do(http.MethodGet, mePath, "", bearer(renewed.Access)).want(t, http.StatusOK)

		p = home.with("SECRET_KEY=another-Jx2mQ8vT5yLw9ZrKc7HbPd3NsG6uEf").serve()
		p.do(http.MethodGet, mePath, "", bearer(renewed.Access)).wantProblem(t, http.StatusUnauthorized, "invalid_token")
	})
}

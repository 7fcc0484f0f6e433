package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/admission"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
)

// A hostile tenant starts more requests of each kind of work than there are connections, and none
// of them ends. It gets only its share. A quiet tenant's requests of each kind succeed, and the
// health is ok.
func TestHostileTenantDoesNotBlockAQuietOne(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		const many = 12 // of each kind; the pool has 8 connections
		hostile, quiet := newHostile(t, a), a.Actor(t, access.Admin)
		quietly := quietRequests(t, a, quiet)
		for range many {
			hostile.start(http.MethodGet, auditExportPath, "")
		}
		awaitWork(t, a, access.WorkStream, many)
		awaitHeld(t, a, access.WorkStream, 2)
		for range many {
			hostile.start(http.MethodGet, "/api/v1/audit/verify", "")
		}
		awaitWork(t, a, access.WorkStream, 2*many)
		release := hostile.lock(t)
		for i := range many {
			hostile.start(http.MethodDelete, companiesPath+"/"+hostile.company.ID.String(), "")
			// Requests that wait for a lock keep their places, so these requests have to queue.
			for _, path := range []string{"/api/v1/org/tree", companiesPath + "?q=x", companiesPath + "?count=true", "/api/v1/audit/logs/stats"}[:i%5] {
				hostile.start(http.MethodGet, path, "")
			}
		}
		awaitHeld(t, a, access.WorkHeavy, 2)
		for range many {
			hostile.start(http.MethodPut, companiesPath+"/"+hostile.company.ID.String(), `{"name":"Renamed"}`)
		}
		awaitHeld(t, a, access.WorkLight, 6)

		for _, test := range quietly {
			if test.writes && a.Engine == store.SQLite {
				continue // on SQLite all writers need that lock
			}
			t.Run(test.name, func(t *testing.T) {
				quiet.Do(t, test.method, test.path, test.body).Want(t, test.status)
			})
		}
		t.Run("health", func(t *testing.T) {
			var health struct{ Status string }
			if err := json.Unmarshal(a.Do(t, http.MethodGet, "/api/health", "").Want(t, 200).Body, &health); err != nil || health.Status != "ok" {
				t.Errorf("%v: %+v", err, health)
			}
		})
		for work, most := range map[access.Work]int{access.WorkStream: 2, access.WorkHeavy: 2, access.WorkLight: 6} {
			if s := statsOf(a, work); s.Held > most {
				t.Errorf("%d requests of %s are running, want at most %d", s.Held, work, most)
			}
		}
		release()
		hostile.end()
		for _, work := range []access.Work{access.WorkStream, access.WorkHeavy, access.WorkLight} {
			awaitf(t, func() bool { s := statsOf(a, work); return s.Held == 0 && s.Waiting == 0 }, "a place of %s isn't given back", work)
		}
	})
}

type quietRequest struct {
	name, method, path, body string
	status                   int
	writes                   bool
}

func quietRequests(t *testing.T, a *apitest.App, quiet *apitest.Actor) []quietRequest {
	t.Helper()
	kept, deleted := a.Company(t, quiet.User.TenantID), a.Company(t, quiet.User.TenantID)
	return []quietRequest{
		{"list", http.MethodGet, companiesPath + "?limit=5", "", 200, false},
		{"get", http.MethodGet, companiesPath + "/" + kept.ID.String(), "", 200, false},
		{"search with count", http.MethodGet, companiesPath + "?q=x&count=true", "", 200, false},
		{"tree", http.MethodGet, "/api/v1/org/tree", "", 200, false},
		{"statistics", http.MethodGet, "/api/v1/audit/logs/stats", "", 200, false},
		{"verification", http.MethodGet, "/api/v1/audit/verify", "", 200, false},
		{"me", http.MethodGet, "/api/v1/auth/me", "", 200, false},
		{"export", http.MethodGet, auditExportPath, "", 200, true},
		{"create", http.MethodPost, companiesPath, `{"code":"NEW","name":"New"}`, 201, true},
		{"update", http.MethodPut, companiesPath + "/" + kept.ID.String(), `{"name":"Other"}`, 200, true},
		{"delete", http.MethodDelete, companiesPath + "/" + deleted.ID.String(), "", 204, true},
		{"refusal", http.MethodPost, "/api/v1/tenants", `{"code":"X","name":"X"}`, 403, true},
		{"log-in", http.MethodPost, "/api/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, quiet.User.Email, apitest.Password), 200, true},
		{
			"password change", http.MethodPost, "/api/v1/auth/password",
			fmt.Sprintf(`{"current_password":%q,"new_password":"another horse battery staple"}`, apitest.Password), 204, true,
		},
	}
}

// hostile sends requests and doesn't read the replies.
type hostile struct {
	*apitest.Actor

	app     *apitest.App
	company db.Company
	client  *http.Client
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
}

func newHostile(t *testing.T, a *apitest.App) *hostile {
	t.Helper()
	h := &hostile{Actor: a.Actor(t, access.Admin), app: a}
	h.company = a.Company(t, h.User.TenantID)
	long := strings.Repeat("x", 500)
	for range 300 { // more than the client's buffer
		a.AuditEntry(t, h.User.TenantID, func(e *db.AuditEntry) { e.UserAgent = long })
	}
	// With HTTP/2 the client limits how much the server may send: a stream stalls at this limit,
	// regardless of kernel buffers.
	transport := &http.Transport{Protocols: new(http.Protocols), HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 16 << 10}}
	transport.Protocols.SetUnencryptedHTTP2(true)
	h.client = &http.Client{Transport: transport}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	t.Cleanup(h.end)
	return h
}

func (h *hostile) start(method, path, body string) {
	h.running.Go(func() {
		request, err := http.NewRequestWithContext(h.ctx, method, h.app.URL+path, strings.NewReader(body))
		if err != nil {
			return
		}
		request.Header.Set("Authorization", "Bearer "+h.AccessToken)
		if body != "" {
			request.Header.Set("Content-Type", "application/json")
		}
		response, err := h.client.Do(request)
		if err != nil {
			return
		}
		<-h.ctx.Done()
		_ = response.Body.Close()
	})
}

// end cancels all requests.
func (h *hostile) end() {
	h.cancel()
	h.running.Wait()
	h.client.CloseIdleConnections()
}

// lock blocks all changes of the tenant's company until release is called.
func (h *hostile) lock(t *testing.T) (release func()) {
	t.Helper()
	// SQLite locks the whole file.
	tx, err := h.app.Database(t).BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), fmt.Sprintf("UPDATE companies SET version = version WHERE tenant_id = '%s' AND id = '%s'", h.company.TenantID, h.company.ID)); err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() { _ = tx.Rollback() })
	t.Cleanup(release)
	return release
}

func statsOf(a *apitest.App, work access.Work) admission.Stats {
	for _, s := range a.Shares.Stats() {
		if s.Work == work {
			return s
		}
	}
	return admission.Stats{}
}

// awaitWork waits until this many requests of a kind have a place, wait for one, or were refused.
func awaitWork(t *testing.T, a *apitest.App, work access.Work, requests int) {
	t.Helper()
	awaitf(t, func() bool { s := statsOf(a, work); return s.Held+s.Waiting+int(s.Refused) >= requests }, "%d requests of %s haven't come", requests, work)
}

func awaitHeld(t *testing.T, a *apitest.App, work access.Work, requests int) {
	t.Helper()
	awaitf(t, func() bool { return statsOf(a, work).Held >= requests }, "%d requests of %s don't run", requests, work)
}

func awaitf(t *testing.T, until func() bool, format string, args ...any) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !until(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf(format, args...)
		}
	}
}

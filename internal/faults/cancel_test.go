package faults_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
)

// patience is the time-out for operations that usually take a moment.
const patience = time.Minute

func TestQueriesOfEndedRequestsAreCancelled(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.Postgres)
	admin := a.Actor(t, access.Admin)
	limited := apitest.StartLimited(t, store.Postgres, a.Config, 300*time.Millisecond)
	database := a.Database(t)
	waiting := func() int {
		var n int
		err := database.QueryRowContext(t.Context(), `
			SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	await := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(patience); waiting() != n; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d queries are waiting in the database, want %d", waiting(), n)
			}
		}
	}
	lock, err := database.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Rollback()
	if _, err := lock.ExecContext(t.Context(), "LOCK TABLE companies"); err != nil {
		t.Fatal(err)
	}

	t.Run("when the client has gone away", func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL+companiesPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+admin.AccessToken)
		left := make(chan error, 1)
		go func() {
			_, err := a.HTTPClient().Do(request)
			left <- err
		}()
		await(1)
		leave()
		if err := <-left; err == nil {
			t.Error("a reply while the table is locked")
		}
		await(0)
	})
	t.Run("when they took too long", func(t *testing.T) {
		r := limited.Do(t, http.MethodGet, companiesPath, "", apitest.Header("Authorization", "Bearer "+admin.AccessToken))
		if p := r.WantCode(t, http.StatusServiceUnavailable, "timeout"); r.Header.Get("Retry-After") == "" {
			t.Errorf("no Retry-After with %v", p)
		}
		await(0)
	})
}

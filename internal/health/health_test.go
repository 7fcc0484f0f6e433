package health_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/health"
)

// part is a function as a Pinger.
type part func(context.Context) error

func (p part) Ping(ctx context.Context) error { return p(ctx) }

func well(context.Context) error { return nil }

func broken(context.Context) error { return errors.New("hush-cause") }

func silent(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestStateFollowsFromTheComponents(t *testing.T) {
	t.Parallel()
	const (
		ok       = api.ComponentStatusOk
		down     = api.ComponentStatusDown
		disabled = api.ComponentStatusDisabled
	)
	for _, test := range []struct {
		name                    string
		database, redis         health.Pinger
		want                    api.HealthStatus
		wantDatabase, wantRedis api.ComponentStatus
	}{
		{"all is well", part(well), part(well), api.HealthStatusOk, ok, ok},
		{"without Redis", part(well), nil, api.HealthStatusOk, ok, disabled},
		{"Redis is down", part(well), part(broken), api.HealthStatusDegraded, ok, down},
		{"the database is down", part(broken), part(well), api.HealthStatusDown, down, ok},
		{"the database is down, without Redis", part(broken), nil, api.HealthStatusDown, down, disabled},
		{"all is down", part(broken), part(broken), api.HealthStatusDown, down, down},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			checker := &health.Checker{Log: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now, Database: test.database, Redis: test.redis}
			got := checker.Check(t.Context())
			if got.Status != test.want || got.Components.Database.Status != test.wantDatabase || got.Components.Redis.Status != test.wantRedis {
				t.Errorf("%+v, want %s", got, test.want)
			}
			if (got.Components.Redis.LatencyMs != nil) != (test.redis != nil) {
				t.Error("want a latency for each checked component and for no other")
			}
			reply, err := json.Marshal(got)
			if err != nil || strings.Contains(string(reply), "hush") {
				t.Errorf("the public reply contains the cause (%v): %s", err, reply)
			}
			isDown := test.wantDatabase == down || test.wantRedis == down
			if strings.Contains(log.String(), "hush-cause") != isDown {
				t.Errorf("the log contains the cause: %t, want %t:\n%s", !isDown, isDown, &log)
			}
		})
	}
}

func TestComponentsAreCheckedConcurrently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		database, redis := make(chan struct{}), make(chan struct{})
		// Each answers only after both were called.
		meet := func(mine, other chan struct{}) part {
			return func(ctx context.Context) error {
				close(mine)
				select {
				case <-other:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		checker := &health.Checker{Log: slog.New(slog.DiscardHandler), Now: time.Now, Database: meet(database, redis), Redis: meet(redis, database)}
		if got := checker.Check(t.Context()); got.Status != api.HealthStatusOk {
			t.Errorf("%+v, want ok", got)
		}
	})
}

func TestSilentPartIsDownAfterASecond(t *testing.T) {
	t.Parallel()
	// The bubble has a fake clock.
	synctest.Test(t, func(t *testing.T) {
		checker := &health.Checker{Log: slog.New(slog.DiscardHandler), Now: time.Now, Database: part(silent), Redis: part(silent)}
		start := time.Now()
		got := checker.Check(t.Context())
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %s, want 1s", took)
		}
		if got.Status != api.HealthStatusDown || *got.Components.Database.LatencyMs != 1000 || *got.Components.Redis.LatencyMs != 1000 {
			t.Errorf("%+v, want down after 1000 ms", got)
		}
	})
}

// If all connections are in use in two successive checks, the state is degraded, and that is logged
// once.
func TestUsedUpConnectionsAreDegraded(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	now, usedUp := time.Now(), false
	checker := &health.Checker{
		Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return now }, Database: part(well), UsedUp: func() bool { return usedUp },
	}
	for i, step := range []struct {
		usedUp bool
		want   api.HealthStatus
	}{
		{false, api.HealthStatusOk},
		{true, api.HealthStatusOk},
		{false, api.HealthStatusOk},
		{true, api.HealthStatusOk},
		{true, api.HealthStatusDegraded},
		{true, api.HealthStatusDegraded},
		{false, api.HealthStatusOk},
	} {
		usedUp, now = step.usedUp, now.Add(time.Second)
		got := checker.Check(t.Context())
		if got.Status != step.want || string(got.Components.Database.Status) != string(step.want) {
			t.Errorf("check %d: %+v, want %s", i, got, step.want)
		}
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 {
		t.Errorf("the log has %d warnings, want one: %s", n, &log)
	}
}

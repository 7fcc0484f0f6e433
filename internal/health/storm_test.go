package health_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/health"
)

// counted is a slow component that counts its checks.
func counted(asked *atomic.Int64, takes time.Duration) part {
	return func(ctx context.Context) error {
		asked.Add(1)
		select {
		case <-time.After(takes):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestManyRequestsCauseOneRoundASecond(t *testing.T) {
	t.Parallel()
	for name, takes := range map[string]time.Duration{"quick": time.Millisecond, "slow": 300 * time.Millisecond, "silent": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var database, redis atomic.Int64
				checker := &health.Checker{
					Log: slog.New(slog.DiscardHandler), Now: time.Now, Database: counted(&database, takes), Redis: counted(&redis, takes),
				}
				const seconds, clients = 5, 20
				var storm sync.WaitGroup
				for range clients {
					storm.Go(func() {
						for start := time.Now(); time.Since(start) < seconds*time.Second; time.Sleep(time.Millisecond) {
							checker.Check(t.Context())
						}
					})
				}
				storm.Wait()
				if n := database.Load(); n < seconds-2 || n > seconds+1 {
					t.Errorf("the database was asked %d times in %d seconds", n, seconds)
				}
				if n := redis.Load(); n != database.Load() {
					t.Errorf("Redis was asked %d times, and the database %d", n, database.Load())
				}
			})
		})
	}
}

func TestStateIsReusedForASecond(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	now := time.Now()
	checker := &health.Checker{
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }, Database: part(func(context.Context) error { asked.Add(1); return nil }),
	}
	for _, step := range []struct {
		passed time.Duration
		asked  int64
	}{
		{0, 1},
		{0, 1},
		{999 * time.Millisecond, 1},
		{time.Millisecond, 2},
		{-time.Minute, 3}, // the clock was set back
		{500 * time.Millisecond, 3},
	} {
		now = now.Add(step.passed)
		if checker.Check(t.Context()); asked.Load() != step.asked {
			t.Fatalf("checked %d times after %s more, want %d", asked.Load(), step.passed, step.asked)
		}
	}
}

func TestCheckContinuesWhenTheFirstCallerDisconnects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		checker := &health.Checker{Log: slog.New(slog.DiscardHandler), Now: time.Now, Database: counted(&asked, 500*time.Millisecond)}
		impatient, leave := context.WithCancel(t.Context())
		first := make(chan api.Health)
		go func() { first <- checker.Check(impatient) }()
		synctest.Wait()
		leave()
		if got := <-first; got.Status != api.HealthStatusDown {
			t.Errorf("a caller that stops waiting gets %s", got.Status)
		}
		if got := checker.Check(t.Context()); got.Status != api.HealthStatusOk || asked.Load() != 1 {
			t.Errorf("%s after %d checks, want ok after the running one", got.Status, asked.Load())
		}
	})
}

package app_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// BenchmarkInvalidation ends sessions on one instance and measures how long another instance, which
// has them in its cache, still accepts them after the commit. Run it with -benchtime 10000x.
func BenchmarkInvalidation(b *testing.B) {
	for _, setup := range []struct {
		name   string
		engine store.Engine
		change func(testing.TB) func(*config.Config)
	}{
		{"postgres", store.Postgres, func(testing.TB) func(*config.Config) { return unchanged }},
		{"postgres with redis", store.Postgres, func(b testing.TB) func(*config.Config) { return withRedis(storetest.RedisURL(b)) }},
	} {
		b.Run(setup.name, func(b *testing.B) { benchmarkInvalidation(b, apitest.New(b, setup.engine, setup.change(b))) })
	}
}

func benchmarkInvalidation(b *testing.B, one *apitest.App) {
	two := apitest.Start(b, one.Engine, one.Config)
	for _, a := range []*apitest.App{one, two} {
		for !a.Sessions.Checks().Live {
			time.Sleep(time.Millisecond)
		}
	}
	user := one.User(b, one.Tenant(b).ID, access.User)
	request := func() context.Context {
		return access.WithRequest(b.Context(), &access.Request{ID: uuid.NewString(), IP: "192.0.2.1", Operation: access.Operation{AuditAction: "auth.logout"}})
	}
	took := make([]time.Duration, 0, b.N)
	remembered := 0
	for b.Loop() {
		login, err := one.Sessions.Login(request(), user.Email, apitest.Password, "")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := two.Sessions.Authenticate(request(), login.Grant.AccessToken); err != nil {
			b.Fatal(err)
		}
		before := two.Sessions.Checks().Remembered
		if _, err := two.Sessions.Authenticate(request(), login.Grant.AccessToken); err != nil {
			b.Fatal(err)
		}
		if two.Sessions.Checks().Remembered > before {
			remembered++
		}
		refused := make(chan time.Time)
		go func() {
			for {
				if _, err := two.Sessions.Authenticate(request(), login.Grant.AccessToken); err != nil {
					refused <- time.Now()
					return
				}
				time.Sleep(20 * time.Microsecond)
			}
		}()
		err = one.Store.Tx(b.Context(), func(tx store.Tx) error {
			_, err := one.Sessions.EndSessions(b.Context(), tx, user.TenantID, user.ID, uuid.Nil, "logout")
			return err
		})
		committed := time.Now()
		if err != nil {
			b.Fatal(err)
		}
		one.Sessions.Changed(b.Context(), invalidation.User(user.TenantID, user.ID))
		at := <-refused
		took = append(took, max(0, at.Sub(committed)))
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(took[len(took)/2]), "p50-ms")
	b.ReportMetric(ms(took[len(took)*99/100]), "p99-ms")
	b.ReportMetric(ms(took[len(took)-1]), "max-ms")
	b.ReportMetric(100*float64(remembered)/float64(len(took)), "%remembered")
}

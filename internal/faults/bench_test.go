package faults_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/faultproxy"
	"github.com/tenantry/tenantry/internal/store"
)

// BenchmarkDatabaseThatIsDown measures the promised 2 seconds: until requests get 503 after the
// database fails, and until requests succeed after it is back.
func BenchmarkDatabaseThatIsDown(b *testing.B) {
	for _, engine := range []store.Engine{store.Postgres, store.MySQL} {
		for name, fail := range networkFaults {
			b.Run(string(engine)+", "+name, func(b *testing.B) {
				var p *faultproxy.Proxy
				a := apitest.New(b, engine, func(cfg *config.Config) {
					var proxied string
					p, proxied = faultproxy.For(b, cfg.DatabaseURL.Reveal())
					cfg.DatabaseURL = config.NewSecret(proxied)
				})
				admin := a.Actor(b, access.Admin)
				admin.Do(b, http.MethodGet, companiesPath, "").Want(b, http.StatusOK)
				var answer, recovery time.Duration
				for b.Loop() {
					fail(p)
					began := time.Now()
					mustBeUnavailable(b, admin.Do(b, http.MethodGet, companiesPath, ""))
					answer = max(answer, time.Since(began))
					p.Fail(faultproxy.None)
					p.Delay(0)
					began = time.Now()
					awaitStatus(b, admin, companiesPath, http.StatusOK)
					recovery = max(recovery, time.Since(began))
				}
				b.ReportMetric(float64(answer.Milliseconds()), "answer-ms")
				b.ReportMetric(float64(recovery.Milliseconds()), "recovery-ms")
			})
		}
	}
}

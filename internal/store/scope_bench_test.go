package store_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/db/postgres"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// BenchmarkPointRead compares reading a row by its key through row-level security, as a user who is no owner, with reading it past it
// in the way that pgx reads by itself. What counts is the ratio; cpu-ns/op is of this process alone.
func BenchmarkPointRead(b *testing.B) {
	databaseURL := storetest.NewMigratedURL(b, store.Postgres)
	s := storetest.Open(b, storetest.ServingURL(b, databaseURL))
	row := tenantRow()
	if err := s.InsertTenant(b.Context(), row); err != nil {
		b.Fatal(err)
	}
	company := companyRow(row.ID)
	if err := s.InsertCompany(b.Context(), company); err != nil {
		b.Fatal(err)
	}
	pool, err := pgxpool.New(b.Context(), databaseURL)
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	plain := postgres.New(pool)
	b.Run("scoped", func(b *testing.B) {
		measure(b, func() error {
			_, err := s.GetCompany(b.Context(), db.GetCompanyParams{TenantID: row.ID, ID: company.ID})
			return err
		})
	})
	b.Run("plain", func(b *testing.B) {
		measure(b, func() error {
			_, err := plain.GetCompany(b.Context(), db.GetCompanyParams{TenantID: row.ID, ID: company.ID})
			return err
		})
	})
}

func measure(b *testing.B, f func() error) {
	b.Helper()
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

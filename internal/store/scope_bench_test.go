package store_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/db/postgres"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// BenchmarkPointRead compares two ways of reading a row by its key: through row-level security, as
// a user who isn't the owner, and without it, with pgx's defaults. Only the ratio matters;
// cpu-ns/op covers only this process.
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
	plain := postgres.New(storetest.Open(b, databaseURL).Pool())
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

// BenchmarkAuditedChange compares two ways of writing a row and its audit entry: in a transaction
// of one round trip, and one statement after the other without row-level security.
func BenchmarkAuditedChange(b *testing.B) {
	databaseURL := storetest.NewMigratedURL(b, store.Postgres)
	s, owner := storetest.Open(b, storetest.ServingURL(b, databaseURL)), storetest.Open(b, databaseURL)
	tenant := newTenants(b, s, 1)[0].TenantID
	change := func(insert func(context.Context, db.InsertCompanyParams) error, q db.Querier) error {
		if err := insert(b.Context(), companyRow(tenant)); err != nil {
			return err
		}
		entry, link := entryRows(tenant)
		return writeEntry(b.Context(), q, entry, link)
	}
	b.Run("pipelined", func(b *testing.B) {
		measure(b, func() error {
			return s.Tx(b.Context(), func(tx store.Tx) error { return change(tx.InsertCompany, tx) })
		})
	})
	b.Run("plain", func(b *testing.B) {
		measure(b, func() error {
			return pgx.BeginFunc(b.Context(), owner.Pool(), func(t pgx.Tx) error {
				q := postgres.New(t)
				return change(q.InsertCompany, q)
			})
		})
	})
}

func measure(b *testing.B, f func() error) {
	b.Helper()
	b.ReportAllocs()
	b.SetParallelism(4)
	before := cpuTime(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := f(); err != nil {
				b.Error(err)
				return
			}
		}
	})
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

package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// withoutChain discards the links, so that there is no chain.
type withoutChain struct{ db.Querier }

func (withoutChain) InsertAuditLink(context.Context, db.InsertAuditLinkParams) error { return nil }

// BenchmarkAuditedChanges measures how many companies 16 writers create per second on PostgreSQL,
// each with its entry in one transaction, while a sealer runs. It alternates between runs with and
// without the chain, so that the ratio is valid on a busy machine.
func BenchmarkAuditedChanges(b *testing.B) {
	const writers, turns, turn = 16, 4, 2 * time.Second
	for name, tenants := range map[string]int{"one-tenant": 1, "16-tenants": writers} {
		b.Run(name, func(b *testing.B) {
			s := storetest.New(b, store.Postgres)
			keys := newKeys(b, secret)
			sealer := audit.NewSealer(s, keys, slog.New(slog.DiscardHandler))
			log := audit.NewLog(keys, func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }, newID)
			log.SealWith(sealer)
			ids := make([]uuid.UUID, tenants)
			for i := range ids {
				ids[i] = newID()
				err := s.InsertTenant(b.Context(), db.InsertTenantParams{
					ID: ids[i], Code: ids[i].String()[4:], Name: "T", Tier: "free", Status: "active", CreatedAt: noon, UpdatedAt: noon, Version: 1,
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			ctx, stop := context.WithCancel(b.Context())
			var sealing sync.WaitGroup
			sealing.Go(func() { sealer.Run(ctx) })
			defer sealing.Wait()
			defer stop()

			var code atomic.Int64
			create := func(tenantID uuid.UUID, wrap func(db.Querier) db.Querier) error {
				c := db.Company{
					TenantID: tenantID, ID: newID(), Code: fmt.Sprint(code.Add(1)), Name: "Company", IsActive: true, CreatedAt: noon, UpdatedAt: noon, Version: 1,
				}
				return s.Tx(b.Context(), func(tx store.Tx) error {
					return resources.CompanyKind().Add(b.Context(), records.Change{Tx: store.Tx{Querier: wrap(tx)}, Log: log, By: access.Principal{TenantID: tenantID}}, c)
				})
			}
			done := map[bool]int64{}
			for i := range 2 * turns {
				chained := i%2 == 0
				wrap := func(q db.Querier) db.Querier { return q }
				if !chained {
					wrap = func(q db.Querier) db.Querier { return withoutChain{q} }
				}
				var n atomic.Int64
				var writing sync.WaitGroup
				end := time.Now().Add(turn)
				for w := range writers {
					writing.Go(func() {
						for time.Now().Before(end) {
							if err := create(ids[w%tenants], wrap); err != nil {
								b.Error(err)
								return
							}
							n.Add(1)
						}
					})
				}
				writing.Wait()
				done[chained] += n.Load()
			}
			b.ReportMetric(float64(done[true])/(turns*turn.Seconds()), "changes/s")
			b.ReportMetric(float64(done[true])/float64(done[false]), "of-no-chain")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkVerify measures how many entries are sealed and verified per second.
func BenchmarkVerify(b *testing.B) {
	const many = 20_000
	for _, engine := range []store.Engine{store.Postgres, store.MySQL, store.SQLite} {
		b.Run(string(engine), func(b *testing.B) {
			s := storetest.New(b, engine)
			keys := newKeys(b, secret)
			tenantID := newID()
			err := s.Tx(b.Context(), func(tx store.Tx) error {
				err := tx.InsertTenant(b.Context(), db.InsertTenantParams{ID: tenantID, Code: "T", Name: "T", Tier: "free", Status: "active", CreatedAt: noon, UpdatedAt: noon, Version: 1})
				for n := range many {
					if err == nil {
						err = audit.NewLog(keys, nil, nil).Insert(b.Context(), tx, someEntry(tenantID, n))
					}
				}
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			start := time.Now()
			if n, err := audit.NewSealer(s, keys, nil).Seal(b.Context(), tenantID); err != nil || n != many {
				b.Fatal(n, err)
			}
			b.ReportMetric(many/time.Since(start).Seconds(), "sealed/s")
			for b.Loop() {
				check, err := audit.NewVerifier(s, keys).Begin(tenantID, "")
				for done := false; err == nil && !done; {
					done, err = check.Step(b.Context())
				}
				if err != nil || check.Result().Entries != many {
					b.Fatal(err, check.Result())
				}
			}
			b.ReportMetric(many*float64(b.N)/b.Elapsed().Seconds(), "verified/s")
		})
	}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

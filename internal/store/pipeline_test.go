package store_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/faultproxy"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// entryRows returns an audit entry and its link.
func entryRows(tenant uuid.UUID) (db.InsertAuditEntryParams, db.InsertAuditLinkParams) {
	id := uuid.Must(uuid.NewV7())
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	entry := db.InsertAuditEntryParams{
		TenantID: tenant, ID: id, OccurredAt: now, OccurredOn: "2026-11-23", Action: "company.create", ActionArea: "company",
		Changes: json.RawMessage(`{}`), Outcome: "success", IP: "192.0.2.1", RequestID: id.String(), Method: "POST", Path: "/",
	}
	link := db.InsertAuditLinkParams{
		TenantID: tenant, EntryID: id, OccurredAt: now, KeyID: "key", MAC: []byte("mac"),
	}
	return entry, link
}

func writeEntry(ctx context.Context, q db.Querier, entry db.InsertAuditEntryParams, link db.InsertAuditLinkParams) error {
	if err := q.InsertAuditEntry(ctx, entry); err != nil {
		return err
	}
	return q.InsertAuditLink(ctx, link)
}

// roundTrips returns a URL whose connections go through a proxy. It counts the round trips to
// PostgreSQL: each query of the simple protocol, and each Sync.
func roundTrips(t testing.TB, databaseURL string) (proxied string, count *atomic.Int64) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	server := u.Host
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	count = new(atomic.Int64)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go passOn(client, server, count)
		}
	}()
	u.Host = listener.Addr().String()
	query := u.Query()
	query.Set("sslmode", "disable")
	u.RawQuery = query.Encode()
	return u.String(), count
}

func passOn(client net.Conn, server string, count *atomic.Int64) {
	defer client.Close()
	to, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(client, to)
		_ = client.Close()
	}()
	messages := bufio.NewReader(client)
	for first := true; ; first = false {
		header := make([]byte, 5)
		if first {
			header = header[1:] // the start-up message has no type byte
		}
		if _, err := io.ReadFull(messages, header); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(header[len(header)-4:])-4)
		if _, err := io.ReadFull(messages, body); err != nil {
			return
		}
		if !first && (header[0] == 'S' || header[0] == 'Q') {
			count.Add(1)
		}
		if _, err := to.Write(slices.Concat(header, body)); err != nil {
			return
		}
	}
}

func TestRoundTripsToPostgreSQL(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewMigratedURL(t, store.Postgres)
	companies := newTenants(t, storetest.Open(t, databaseURL), 1)
	tenant, company := companies[0].TenantID, companies[0]
	get := func(q db.Querier) error {
		_, err := q.GetCompany(t.Context(), db.GetCompanyParams{TenantID: tenant, ID: company.ID})
		return err
	}
	audited := func(tx store.Tx) error {
		entry, link := entryRows(tenant)
		return writeEntry(t.Context(), tx, entry, link)
	}
	for user, userURL := range map[string]string{"owner": databaseURL, "serving": storetest.ServingURL(t, databaseURL)} {
		proxied, count := roundTrips(t, userURL)
		s, err := store.Open(t.Context(), proxied, store.Options{MaxConnections: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		for name, work := range map[string]struct {
			want int64
			do   func() error
		}{
			"read":        {1, func() error { return get(s) }},
			"write":       {1, func() error { return s.InsertCompany(t.Context(), companyRow(tenant)) }},
			"nothing":     {0, func() error { return s.Tx(t.Context(), func(store.Tx) error { return nil }) }},
			"entry alone": {1, func() error { return s.Tx(t.Context(), audited) }},
			"audited change": {2, func() error {
				return s.Tx(t.Context(), func(tx store.Tx) error {
					_, err := tx.DeleteCompany(t.Context(), db.DeleteCompanyParams{TenantID: tenant})
					return errors.Join(err, audited(tx))
				})
			}},
			"audited company": {1, func() error {
				return s.Tx(t.Context(), func(tx store.Tx) error {
					return errors.Join(tx.InsertCompany(t.Context(), companyRow(tenant)), audited(tx))
				})
			}},
			"audited company before a read": {2, func() error {
				return s.Tx(t.Context(), func(tx store.Tx) error {
					return errors.Join(tx.InsertCompany(t.Context(), companyRow(tenant)), audited(tx), get(tx))
				})
			}},
			"as many as wait, and one more": {2, func() error {
				return s.Tx(t.Context(), func(tx store.Tx) error {
					for range 100 {
						if err := tx.InsertCompany(t.Context(), companyRow(tenant)); err != nil {
							return err
						}
					}
					return nil
				})
			}},
			"entry before a read": {2, func() error {
				return s.Tx(t.Context(), func(tx store.Tx) error { return errors.Join(audited(tx), get(tx)) })
			}},
		} {
			if err := work.do(); err != nil { // the first time prepares the statements
				t.Fatalf("%s: %s: %v", user, name, err)
			}
			before := count.Load()
			if err := work.do(); err != nil {
				t.Fatalf("%s: %s: %v", user, name, err)
			}
			if got := count.Load() - before; got != work.want {
				t.Errorf("%s: %s: %d round trips, want %d", user, name, got, work.want)
			}
		}
	}
}

// The transaction returns the error of a refused entry and is rolled back.
func TestRefusedEntryRollsBackItsTransaction(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		tenant := newTenants(t, s, 1)[0].TenantID
		twice, twiceLink := entryRows(tenant)
		if err := s.Tx(t.Context(), func(tx store.Tx) error { return writeEntry(t.Context(), tx, twice, twiceLink) }); err != nil {
			t.Fatal(err)
		}
		stranger, strangerLink := entryRows(uuid.Must(uuid.NewV7()))
		odd, oddLink := entryRows(tenant)
		odd.Outcome = "odd"
		good, _ := entryRows(tenant)
		for name, test := range map[string]struct {
			entry db.InsertAuditEntryParams
			link  db.InsertAuditLinkParams
			want  func(error) bool
		}{
			"a tenant that isn't there": {stranger, strangerLink, store.BreaksReference},
			"an entry twice":            {twice, twiceLink, store.BreaksUniqueness},
			"a link twice":              {good, twiceLink, store.BreaksUniqueness},
			"an unknown outcome":        {odd, oddLink, func(err error) bool { return store.Violates(err, "audit_entries_outcome_check") }},
		} {
			for _, then := range []string{"commit", "read"} {
				row := tenantRow()
				attempts := 0
				err := s.Tx(t.Context(), func(tx store.Tx) error {
					attempts++
					if err := tx.InsertTenant(t.Context(), row); err != nil {
						return err
					}
					if err := writeEntry(t.Context(), tx, test.entry, test.link); err != nil || then == "commit" {
						return err
					}
					_, err := tx.GetTenant(t.Context(), db.GetTenantParams{ID: row.ID})
					return err
				})
				if !test.want(err) || attempts != 1 || !strings.Contains(err.Error(), "InsertAudit") {
					t.Errorf("%s, then %s: error %v after %d attempts", name, then, err, attempts)
				}
				mustBeRolledBack(t, s, row)
			}
		}
	})
}

// If a transaction has failed, PostgreSQL answers COMMIT with ROLLBACK instead of an error.
func TestFailedTransactionIsNotReportedAsCommitted(t *testing.T) {
	t.Parallel()
	s := storetest.New(t, store.Postgres)
	row := tenantRow()
	err := s.Tx(t.Context(), func(tx store.Tx) error {
		if err := tx.InsertTenant(t.Context(), row); err != nil {
			return err
		}
		if err := tx.InsertTenant(t.Context(), row); !store.BreaksUniqueness(err) {
			t.Errorf("error %v for a duplicate row", err)
		}
		return nil
	})
	if !errors.Is(err, pgx.ErrTxCommitRollback) {
		t.Errorf("error %v, want an error of the commit", err)
	}
	mustBeRolledBack(t, s, row)
}

// If an entry is given up because of a lock, its whole transaction is tried again.
func TestEntryThatWaitedTooLongIsTriedAgain(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewMigratedURL(t, store.Postgres)
	owner := storetest.Open(t, databaseURL)
	tenant := newTenants(t, owner, 1)[0].TenantID
	impatient := storetest.Open(t, databaseURL+"&lock_timeout=50") // milliseconds
	holder := connect(t, databaseURL)
	exec(t, holder, "BEGIN")
	exec(t, holder, "UPDATE tenants SET max_users = 7 WHERE id = '"+tenant.String()+"'") // foreign keys that refer to this row wait
	attempts := 0
	entry, link := entryRows(tenant)
	err := impatient.Tx(t.Context(), func(tx store.Tx) error {
		if attempts++; attempts == 2 {
			exec(t, holder, "ROLLBACK")
		}
		return writeEntry(t.Context(), tx, entry, link)
	})
	if err != nil || attempts != 2 {
		t.Errorf("error %v after %d attempts, want success after two", err, attempts)
	}
}

// An entry is sent together with the commit. If their answer is lost, the outcome is unknown. Here
// the commit succeeded.
func TestEntryOfUnknownOutcomeIsNotRepeated(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewMigratedURL(t, store.Postgres)
	direct := storetest.Open(t, databaseURL)
	tenant := newTenants(t, direct, 1)[0].TenantID
	p, proxied := faultproxy.For(t, databaseURL)
	s := storetest.Open(t, proxied)
	warm, warmLink := entryRows(tenant)
	if err := s.Tx(t.Context(), func(tx store.Tx) error { return writeEntry(t.Context(), tx, warm, warmLink) }); err != nil {
		t.Fatal(err)
	}
	entry, link := entryRows(tenant)
	attempts := 0
	err := s.Tx(t.Context(), func(tx store.Tx) error {
		attempts++
		err := writeEntry(t.Context(), tx, entry, link)
		p.Fail(faultproxy.Unheard)
		return err
	})
	mustBeUnavailable(t, err)
	if attempts != 1 || !strings.Contains(errs.From(err).Detail, "did not say whether this was done") {
		t.Errorf("error %v after %d attempts, want an unknown outcome after one attempt", err, attempts)
	}
	if _, err := direct.GetAuditEntry(t.Context(), db.GetAuditEntryParams{TenantID: tenant, ID: entry.ID}); err != nil {
		t.Errorf("the entry is missing, so the commit was lost instead of its answer: %v", err)
	}
}

package audit_test

import (
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// chain is a database with a log, a sealer and a verifier.
type chain struct {
	t        *testing.T
	store    *store.Store
	sql      *sql.DB
	log      *audit.Log
	sealer   *audit.Sealer
	verifier *audit.Verifier
}

func newChain(t *testing.T, engine store.Engine) *chain {
	t.Helper()
	databaseURL := storetest.NewMigratedURL(t, engine)
	c := &chain{store: storetest.Open(t, databaseURL), sql: apitest.OpenDatabase(t, engine, databaseURL)}
	return c.with(t, newKeys(t, secret))
}

// with returns the same chain with other keys, for another test.
func (c *chain) with(t *testing.T, keys *audit.Keys) *chain {
	t.Helper()
	now := func() time.Time { return noon.Add(time.Hour) }
	newID := func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	return &chain{
		t: t, store: c.store, sql: c.sql,
		log: audit.NewLog(keys, now, newID), sealer: audit.NewSealer(c.store, keys, nil), verifier: audit.NewVerifier(c.store, keys),
	}
}

// restarted returns the same chain with a sealer that remembers no heads.
func (c *chain) restarted() *chain { return c.with(c.t, newKeys(c.t, secret)) }

// exec executes a statement directly on the database.
func (c *chain) execf(format string, args ...any) {
	c.t.Helper()
	if _, err := c.sql.ExecContext(c.t.Context(), fmt.Sprintf(format, args...)); err != nil {
		c.t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

// bytes returns the SQL literal of a byte string.
func (c *chain) bytes(b []byte) string {
	if c.store.Engine() == store.Postgres {
		return `'\x` + hex.EncodeToString(b) + "'"
	}
	return "X'" + hex.EncodeToString(b) + "'"
}

func (c *chain) tenant() uuid.UUID {
	c.t.Helper()
	id := uuid.Must(uuid.NewV7())
	err := c.store.InsertTenant(c.t.Context(), db.InsertTenantParams{
		ID: id, Code: id.String()[4:], Name: "T", Tier: "free", Status: "active", CreatedAt: noon, UpdatedAt: noon, Version: 1,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return id
}

// insert writes an entry in its own transaction.
func (c *chain) insert(e db.AuditEntry) db.AuditEntry {
	c.t.Helper()
	err := c.store.Tx(c.t.Context(), func(tx store.Tx) error { return c.log.Insert(c.t.Context(), tx, e) })
	if err != nil {
		c.t.Fatal(err)
	}
	return e
}

func (c *chain) seal(tenantID uuid.UUID) int64 {
	c.t.Helper()
	n, err := c.sealer.Seal(c.t.Context(), tenantID)
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

func (c *chain) verify(tenantID uuid.UUID, checkpoint string) audit.Verification {
	c.t.Helper()
	check, err := c.verifier.Begin(tenantID, checkpoint)
	if err != nil {
		c.t.Fatal(err)
	}
	for {
		done, err := check.Step(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		if done {
			return check.Result()
		}
	}
}

// someEntry returns an entry with a value in every column, different for each n.
func someEntry(tenantID uuid.UUID, n int) db.AuditEntry {
	return db.AuditEntry{
		TenantID: tenantID, ID: uuid.Must(uuid.NewV7()), OccurredAt: noon.Add(time.Duration(n) * time.Minute),
		ActorID: new(uuid.New()), ActorEmail: new("a@example.com"), ActorRole: new("admin"), ActorIsSuperuser: true, SessionID: new(uuid.New()),
		Action: "thing.update", EntityType: new("thing"), EntityID: new(uuid.New()), EntityLabel: new(fmt.Sprint("Thing ", n)),
		Changes: json.RawMessage(`{"name":{"before":"a","after":"b"}}`), Outcome: "success", Reason: new("because"),
		IP: "192.0.2.1", UserAgent: "test", RequestID: "r", Method: "PUT", Path: "/things",
	}
}

// trailOfTen is a trail of ten entries and three seals, which end after 3, 7 and 8. The last two
// entries wait.
type trailOfTen struct {
	*chain

	tenant     uuid.UUID
	entries    []db.AuditEntry
	checkpoint string // after 8
}

func (c *chain) newTrail() *trailOfTen {
	c.t.Helper()
	tr := &trailOfTen{chain: c, tenant: c.tenant()}
	for n := range 10 {
		tr.entries = append(tr.entries, c.insert(someEntry(tr.tenant, n)))
		if n == 2 || n == 6 || n == 7 {
			c.seal(tr.tenant)
		}
	}
	v := c.verify(tr.tenant, "")
	if v.Status != audit.Intact || v.Entries != 10 || v.Waiting != 2 || v.Seq != 8 || v.First != nil {
		c.t.Fatalf("at first: %+v", v)
	}
	tr.checkpoint = v.Checkpoint
	return tr
}

// where returns the condition for the row of an entry, for the given name of the id column.
func (tr *trailOfTen) where(id string, n int) string {
	return fmt.Sprintf("tenant_id = '%s' AND %s = '%s'", tr.tenant, id, tr.entries[n].ID)
}

func (tr *trailOfTen) deleteEntry(n int) {
	tr.execf("DELETE FROM audit_entries WHERE %s", tr.where("id", n))
}

func (tr *trailOfTen) deleteLink(n int) {
	tr.execf("DELETE FROM audit_links WHERE %s", tr.where("entry_id", n))
}

// editLink and editSeal set a column.
func (tr *trailOfTen) editLink(n int, set string) {
	tr.execf("UPDATE audit_links SET %s WHERE %s", set, tr.where("entry_id", n))
}

func (tr *trailOfTen) editSeal(number int, set string) {
	tr.execf("UPDATE audit_seals SET %s WHERE tenant_id = '%s' AND number = %d", set, tr.tenant, number)
}

func (tr *trailOfTen) deleteSeal(number int) {
	tr.execf("DELETE FROM audit_seals WHERE tenant_id = '%s' AND number = %d", tr.tenant, number)
}

// cutTail deletes everything after the second seal.
func (tr *trailOfTen) cutTail() {
	for n := 7; n < 10; n++ {
		tr.deleteEntry(n)
		tr.deleteLink(n)
	}
	tr.deleteSeal(3)
}

// copyRow inserts a copy of a row with another value in one column.
func (tr *trailOfTen) copyRow(row any, table, key string, id uuid.UUID, change string, value string) {
	var columns, values []string
	for field := range reflect.TypeOf(row).Fields() {
		column := field.Tag.Get("json")
		columns = append(columns, column)
		if column == change {
			column = value
		}
		values = append(values, column)
	}
	tr.execf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE tenant_id = '%s' AND %s = '%s'",
		table, strings.Join(columns, ", "), strings.Join(values, ", "), table, tr.tenant, key, id)
}

// finding is the expected result of a verification. entry is an index, or -1.
type finding struct {
	status audit.Status
	seq    int64
	entry  int
}

func (tr *trailOfTen) want(t *testing.T, v audit.Verification, want finding) {
	t.Helper()
	var place audit.Place
	if v.First != nil {
		place = *v.First
	}
	wantID := uuid.Nil
	if want.entry >= 0 {
		wantID = tr.entries[want.entry].ID
	}
	if v.Status != want.status || place.Seq != want.seq || place.EntryID != wantID {
		t.Errorf("%s, number %d, id %s; want %s, number %d, id %s", v.Status, place.Seq, place.EntryID, want.status, want.seq, wantID)
	}
	if want.entry >= 0 && !place.OccurredAt.Equal(tr.entries[want.entry].OccurredAt) {
		t.Errorf("time %s, want %s", place.OccurredAt, tr.entries[want.entry].OccurredAt)
	}
	if (v.Checkpoint != "") != (v.Status == audit.Intact) {
		t.Errorf("%s, and checkpoint %q", v.Status, v.Checkpoint)
	}
}

// otherValue returns the SQL literal of a value that differs from the entry's.
func otherValue(column string, field reflect.StructField, otherTenant uuid.UUID) string {
	switch column {
	case "tenant_id":
		return "'" + otherTenant.String() + "'"
	case "outcome":
		return "'denied'"
	case "changes":
		return `'{"name":{"before":"a","after":"c"}}'`
	}
	t := field.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[uuid.UUID]():
		return "'" + uuid.Must(uuid.NewV7()).String() + "'"
	case t == reflect.TypeFor[time.Time]():
		return "'2026-11-23 12:04:00.000001'" // one microsecond later
	case t.Kind() == reflect.Bool:
		return "NOT " + column
	}
	return "'x'"
}

func TestEachColumnThatIsEditedByHandIsFound(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChain(t, engine)
		for _, n := range []int{4, 9} { // a sealed and a waiting one
			for field := range reflect.TypeFor[db.AuditEntry]().Fields() {
				column := field.Tag.Get("json")
				tr := c.with(t, newKeys(t, secret)).newTrail()
				values := []string{otherValue(column, field, tr.chain.tenant())}
				if field.Type.Kind() == reflect.Pointer {
					values = append(values, "NULL")
				}
				for _, value := range values {
					t.Run(fmt.Sprint(n, " ", column, " ", value), func(t *testing.T) {
						tr.execf("UPDATE audit_entries SET %s = %s WHERE %s", column, value, tr.where("id", n))
						want := finding{audit.Altered, int64(n + 1), n}
						if column == "tenant_id" || column == "id" {
							want.status = audit.Missing
						}
						if n == 9 {
							want.seq = 0
						}
						tr.want(t, tr.verify(tr.tenant, ""), want)
					})
				}
			}
		}
	})
}

func TestTampering(t *testing.T) {
	t.Parallel()
	other := uuid.MustParse("ffffffff-ffff-7fff-bfff-ffffffffffff")
	tests := map[string]struct {
		tamper func(*trailOfTen)
		want   finding
	}{
		"nothing":                            {func(*trailOfTen) {}, finding{audit.Intact, 0, -1}},
		"first entry gone":                   {func(tr *trailOfTen) { tr.deleteEntry(0) }, finding{audit.Missing, 1, 0}},
		"entry in the middle gone":           {func(tr *trailOfTen) { tr.deleteEntry(4) }, finding{audit.Missing, 5, 4}},
		"last sealed entry gone":             {func(tr *trailOfTen) { tr.deleteEntry(7) }, finding{audit.Missing, 8, 7}},
		"waiting entry gone":                 {func(tr *trailOfTen) { tr.deleteEntry(8) }, finding{audit.Missing, 0, 8}},
		"entry and link gone":                {func(tr *trailOfTen) { tr.deleteEntry(4); tr.deleteLink(4) }, finding{audit.Missing, 5, -1}},
		"entry and link gone, last of seal":  {func(tr *trailOfTen) { tr.deleteEntry(6); tr.deleteLink(6) }, finding{audit.Missing, 7, -1}},
		"entry and link gone, only of seal":  {func(tr *trailOfTen) { tr.deleteEntry(7); tr.deleteLink(7) }, finding{audit.Missing, 8, -1}},
		"link gone":                          {func(tr *trailOfTen) { tr.deleteLink(4) }, finding{audit.Missing, 5, -1}},
		"waiting link gone":                  {func(tr *trailOfTen) { tr.deleteLink(8) }, finding{audit.Inserted, 0, 8}},
		"two gone":                           {func(tr *trailOfTen) { tr.deleteEntry(6); tr.deleteEntry(2) }, finding{audit.Missing, 3, 2}},
		"one edited, and one before it gone": {func(tr *trailOfTen) { tr.editLink(5, "key_id = 'x'"); tr.deleteEntry(1) }, finding{audit.Missing, 2, 1}},
		"seal gone":                          {func(tr *trailOfTen) { tr.deleteSeal(2) }, finding{audit.Broken, 4, 3}},
		"first seal gone":                    {func(tr *trailOfTen) { tr.deleteSeal(1) }, finding{audit.Broken, 1, 0}},
		"last seal gone":                     {func(tr *trailOfTen) { tr.deleteSeal(3) }, finding{audit.Broken, 8, 7}},
		"seal with all that belongs to it gone": {func(tr *trailOfTen) {
			for n := 3; n < 7; n++ {
				tr.deleteEntry(n)
				tr.deleteLink(n)
			}
			tr.deleteSeal(2)
		}, finding{audit.Missing, 4, -1}},
		"mac edited":               {func(tr *trailOfTen) { tr.editLink(4, "mac = "+tr.bytes(make([]byte, 32))) }, finding{audit.Altered, 5, 4}},
		"mac of a waiting edited":  {func(tr *trailOfTen) { tr.editLink(8, "mac = "+tr.bytes(nil)) }, finding{audit.Altered, 0, 8}},
		"time of a link edited":    {func(tr *trailOfTen) { tr.editLink(4, "occurred_at = '2001-01-01 00:00:00'") }, finding{audit.Altered, 5, -1}},
		"key of a link edited":     {func(tr *trailOfTen) { tr.editLink(4, "key_id = 'deadbeef'") }, finding{audit.Altered, 5, 4}},
		"key of a waiting edited":  {func(tr *trailOfTen) { tr.editLink(8, "key_id = 'deadbeef'") }, finding{audit.UnknownKey, 0, 8}},
		"link moved to the next":   {func(tr *trailOfTen) { tr.editLink(5, "seal_number = 3") }, finding{audit.Missing, 6, -1}},
		"link moved to the first":  {func(tr *trailOfTen) { tr.editLink(5, "seal_number = 1") }, finding{audit.Inserted, 0, 5}},
		"link waits again":         {func(tr *trailOfTen) { tr.editLink(5, "seal_number = 0") }, finding{audit.Missing, 6, -1}},
		"waiting moved to a seal":  {func(tr *trailOfTen) { tr.editLink(8, "seal_number = 3") }, finding{audit.Inserted, 0, 8}},
		"waiting moved to no seal": {func(tr *trailOfTen) { tr.editLink(8, "seal_number = 9") }, finding{audit.Broken, 9, 8}},
		"waiting put aside":        {func(tr *trailOfTen) { tr.editLink(8, "seal_number = -9") }, finding{audit.Broken, 9, 8}},
		"hash edited":              {func(tr *trailOfTen) { tr.editSeal(2, "hash = "+tr.bytes(make([]byte, 32))) }, finding{audit.Broken, 4, -1}},
		"hash emptied":             {func(tr *trailOfTen) { tr.editSeal(2, "hash = "+tr.bytes(nil)) }, finding{audit.Broken, 4, -1}},
		"trace edited":             {func(tr *trailOfTen) { tr.editSeal(2, "trace = "+tr.bytes(make([]byte, 32))) }, finding{audit.Broken, 4, -1}},
		"trace emptied":            {func(tr *trailOfTen) { tr.editSeal(2, "trace = "+tr.bytes(nil)) }, finding{audit.Broken, 4, -1}},
		"trace and hash edited": {func(tr *trailOfTen) {
			tr.editSeal(2, "hash = "+tr.bytes(make([]byte, 32))+", trace = "+tr.bytes(make([]byte, 32)))
		}, finding{audit.Altered, 4, 3}},
		"last_seq raised":        {func(tr *trailOfTen) { tr.editSeal(3, "last_seq = 9") }, finding{audit.Broken, 8, -1}},
		"last_seq lowered":       {func(tr *trailOfTen) { tr.editSeal(2, "last_seq = 6") }, finding{audit.Broken, 4, -1}},
		"last_seq immense":       {func(tr *trailOfTen) { tr.editSeal(2, "last_seq = 9223372036854775807") }, finding{audit.Broken, 4, -1}},
		"last_seq below all":     {func(tr *trailOfTen) { tr.editSeal(2, "last_seq = -9223372036854775808") }, finding{audit.Broken, 4, -1}},
		"number raised":          {func(tr *trailOfTen) { tr.editSeal(3, "number = 9223372036854775807") }, finding{audit.Broken, 8, 7}},
		"number below all":       {func(tr *trailOfTen) { tr.editSeal(3, "number = -9223372036854775807") }, finding{audit.Broken, 1, -1}},
		"time of a seal edited":  {func(tr *trailOfTen) { tr.editSeal(2, "sealed_at = '2026-01-01 00:00:00'") }, finding{audit.Broken, 4, -1}},
		"time of a seal put off": {func(tr *trailOfTen) { tr.editSeal(3, "sealed_at = '2036-01-01 00:00:00'") }, finding{audit.Broken, 8, -1}},
		"time of a seal removed": {func(tr *trailOfTen) { tr.editSeal(2, "sealed_at = NULL") }, finding{audit.Broken, 4, -1}},
		"times of all removed": {func(tr *trailOfTen) {
			tr.execf("UPDATE audit_seals SET sealed_at = NULL WHERE tenant_id = '%s'", tr.tenant)
		}, finding{audit.Broken, 1, -1}},
		"key of a seal": {func(tr *trailOfTen) { tr.editSeal(2, "key_id = 'deadbeef'") }, finding{audit.UnknownKey, 4, -1}},
		"contents of two swapped": {func(tr *trailOfTen) {
			a, b := tr.entries[3], tr.entries[5]
			tr.execf("UPDATE audit_entries SET entity_label = '%s' WHERE %s", *b.EntityLabel, tr.where("id", 3))
			tr.execf("UPDATE audit_entries SET entity_label = '%s' WHERE %s", *a.EntityLabel, tr.where("id", 5))
		}, finding{audit.Altered, 4, 3}},
		"ids of two swapped": {func(tr *trailOfTen) {
			for _, step := range [][2]uuid.UUID{{tr.entries[3].ID, other}, {tr.entries[5].ID, tr.entries[3].ID}, {other, tr.entries[5].ID}} {
				tr.execf("UPDATE audit_entries SET id = '%s' WHERE tenant_id = '%s' AND id = '%s'", step[1], tr.tenant, step[0])
			}
		}, finding{audit.Altered, 4, 3}},
		"seals of two swapped": {func(tr *trailOfTen) { tr.editLink(2, "seal_number = 2"); tr.editLink(3, "seal_number = 1") }, finding{audit.Altered, 3, 3}},
		"everything that waits gone, and its links": {func(tr *trailOfTen) {
			for _, n := range []int{8, 9} { // not detectable; see the ADR
				tr.deleteEntry(n)
				tr.deleteLink(n)
			}
		}, finding{audit.Intact, 0, -1}},
		"tail cut off": {(*trailOfTen).cutTail, finding{audit.Intact, 0, -1}}, // without the checkpoint
		"entries of the tail are left": {func(tr *trailOfTen) {
			tr.deleteSeal(3)
			tr.deleteLink(7)
		}, finding{audit.Inserted, 0, 7}},
	}
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChain(t, engine)
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				tr := c.with(t, newKeys(t, secret)).newTrail()
				test.tamper(tr)
				v := tr.verify(tr.tenant, "")
				if name == "time of a link edited" { // the finding has the edited time
					v.First.EntryID = uuid.Nil
				}
				tr.want(t, v, test.want)
			})
		}
		t.Run("copies", func(t *testing.T) {
			tr := c.with(t, newKeys(t, secret)).newTrail()
			tr.copyRow(db.AuditEntry{}, "audit_entries", "id", tr.entries[4].ID, "id", "'"+other.String()+"'")
			if v := tr.verify(tr.tenant, ""); v.Status != audit.Inserted || v.First.EntryID != other {
				t.Errorf("an entry: %+v", v)
			}
			tr.copyRow(db.AuditLink{}, "audit_links", "entry_id", tr.entries[8].ID, "entry_id", "'"+other.String()+"'")
			if v := tr.verify(tr.tenant, ""); v.Status != audit.Altered || v.First.EntryID != other || v.First.Seq != 0 {
				t.Errorf("with the link of one that waits: %+v", v)
			}
			tr.seal(tr.tenant)
			if v := tr.verify(tr.tenant, ""); v.Status != audit.Altered || v.First.EntryID != other || v.First.Seq != 11 {
				t.Errorf("after it was sealed with the other entries: %+v", v)
			}
		})
		t.Run("another tenant's trail in its place", func(t *testing.T) {
			c := c.with(t, newKeys(t, secret))
			one, two := c.newTrail(), c.tenant()
			for _, table := range []string{"audit_entries", "audit_links", "audit_seals"} {
				c.execf("UPDATE %s SET tenant_id = '%s' WHERE tenant_id = '%s'", table, two, one.tenant)
			}
			one.want(t, c.verify(two, ""), finding{audit.Altered, 1, 0})
		})
	})
}

func TestCheckpointShowsChangesOfTheTail(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		shared := newChain(t, engine)
		for name, test := range map[string]struct {
			change func(*trailOfTen)
			want   finding
		}{
			"nothing":            {func(*trailOfTen) {}, finding{audit.Intact, 0, -1}},
			"more was written":   {func(tr *trailOfTen) { tr.seal(tr.tenant) }, finding{audit.Intact, 0, -1}},
			"cut off":            {(*trailOfTen).cutTail, finding{audit.TailMissing, 8, -1}},
			"cut off and edited": {func(tr *trailOfTen) { tr.cutTail(); tr.deleteEntry(1) }, finding{audit.Missing, 2, 1}},
			"cut off and replaced": {func(tr *trailOfTen) {
				tr.cutTail()
				tr.insert(someEntry(tr.tenant, 99))
				tr.restarted().seal(tr.tenant)
			}, finding{audit.Replaced, 0, -1}},
			"cut off and replaced by more": {func(tr *trailOfTen) {
				tr.cutTail()
				for n := range 5 {
					tr.insert(someEntry(tr.tenant, n))
				}
				tr.restarted().seal(tr.tenant)
			}, finding{audit.Replaced, 0, -1}},
			"everything gone": {func(tr *trailOfTen) {
				for _, table := range []string{"audit_entries", "audit_links", "audit_seals"} {
					tr.execf("DELETE FROM %s WHERE tenant_id = '%s'", table, tr.tenant)
				}
			}, finding{audit.TailMissing, 1, -1}},
			"an older state": {func(tr *trailOfTen) { // the state before the third seal
				tr.cutTail()
				tr.editLink(6, "seal_number = 0")
				tr.editLink(5, "seal_number = 0")
				tr.editLink(4, "seal_number = 0")
				tr.editLink(3, "seal_number = 0")
				tr.deleteSeal(2)
			}, finding{audit.TailMissing, 4, -1}},
		} {
			t.Run(name, func(t *testing.T) {
				tr := shared.with(t, newKeys(t, secret)).newTrail()
				test.change(tr)
				v := tr.verify(tr.tenant, tr.checkpoint)
				tr.want(t, v, test.want)
				if v.Status == audit.TailMissing && !strings.Contains(v.Detail(), "checkpoint was made at number 8") {
					t.Error(v.Detail())
				}
			})
		}
	})
}

func TestCheckpointOfAnEmptyTrail(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	tenantID := c.tenant()
	empty := c.verify(tenantID, "").Checkpoint
	if v := c.verify(tenantID, empty); v.Status != audit.Intact || v.Seq != 0 || v.Entries != 0 {
		t.Errorf("%+v", v)
	}
	c.insert(someEntry(tenantID, 1))
	c.seal(tenantID)
	if v := c.verify(tenantID, empty); v.Status != audit.Intact || v.Seq != 1 {
		t.Errorf("%+v", v)
	}
}

func TestCheckpointCannotBeForgedOrGivenToAnotherTenant(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	tr := c.newTrail()
	refused := func(name string, tenantID uuid.UUID, checkpoint string) {
		t.Helper()
		_, err := c.verifier.Begin(tenantID, checkpoint)
		if e, ok := err.(*errs.Error); !ok || e.Code != errs.ValidationFailed { //nolint:errorlint // it isn't wrapped
			t.Errorf("%s: %v", name, err)
		}
	}
	refused("another tenant's", c.tenant(), tr.checkpoint)
	for i := range tr.checkpoint {
		b := []byte(tr.checkpoint)
		b[i] ^= 1
		refused("altered", tr.tenant, string(b))
		refused("cut", tr.tenant, tr.checkpoint[:i]+"x")
		refused("with a line end", tr.tenant, tr.checkpoint[:i]+"\n"+tr.checkpoint[i:])
	}
	refused("longer", tr.tenant, tr.checkpoint+"AAAA")
	if _, err := c.with(t, newKeys(t, anotherValue, secret)).verifier.Begin(tr.tenant, tr.checkpoint); err != nil {
		t.Errorf("with a new key: %v", err)
	}
	c = c.with(t, newKeys(t, anotherValue))
	refused("of a key that isn't known", tr.tenant, tr.checkpoint)
}

func TestKeyCanBeChanged(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	tr := c.newTrail()
	later := c.with(t, newKeys(t, anotherValue, secret))
	later.insert(someEntry(tr.tenant, 11))
	later.seal(tr.tenant) // includes two that were signed before
	if v := later.verify(tr.tenant, tr.checkpoint); v.Status != audit.Intact || v.Seq != 11 {
		t.Errorf("with both keys: %+v", v)
	}
	v := c.with(t, newKeys(t, anotherValue)).verify(tr.tenant, "")
	tr.want(t, v, finding{audit.UnknownKey, 1, -1})
	if !strings.Contains(v.Detail(), "AUDIT_KEY_PREVIOUS") || len(v.KeyID) != 8 {
		t.Error(v.Detail())
	}
	tr.want(t, c.verify(tr.tenant, ""), finding{audit.UnknownKey, 9, -1})
}

func TestKeysAreLongEnough(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][2]string{{secret[:31], secret}, {secret, secret[:31]}} {
		if _, err := audit.NewKeys([]byte(secrets[0]), []byte(secrets[1])); err == nil || strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("error %v", err)
		}
	}
}

func TestPruning(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		shared := newChain(t, engine)
		until := noon.Add(5 * time.Minute) // prunes the first five
		pruned := func(t *testing.T) *trailOfTen {
			t.Helper()
			tr := shared.with(t, newKeys(t, secret)).newTrail()
			n, err := audit.NewPruner(tr.store, tr.log).Prune(t.Context(), tr.tenant, until)
			if err != nil || n != 5 {
				t.Fatalf("%d pruned, %v", n, err)
			}
			return tr
		}
		prune := func(tr *trailOfTen) db.AuditEntry {
			tr.t.Helper()
			list, err := tr.store.ListAuditEntries(tr.t.Context(), db.ListAuditEntriesParams{
				TenantID: tr.tenant, AfterOccurredAt: noon.Add(24 * time.Hour), Action: new("audit.prune"), Limit: 9,
			})
			if err != nil || len(list) != 1 {
				tr.t.Fatalf("%d entries, %v", len(list), err)
			}
			return list[0]
		}
		t.Run("its deleted entries aren't missing", func(t *testing.T) {
			tr := pruned(t)
			for _, when := range []string{"before it is sealed", "after it"} {
				v := tr.verify(tr.tenant, tr.checkpoint)
				if v.Status != audit.Intact || v.Pruned != 5 || v.Entries != 6 {
					t.Errorf("%s: %+v", when, v)
				}
				tr.seal(tr.tenant)
			}
		})
		t.Run("other deleted entries are missing", func(t *testing.T) {
			tr := pruned(t)
			tr.deleteEntry(5) // exactly at that time
			tr.want(t, tr.verify(tr.tenant, ""), finding{audit.Missing, 6, 5})
		})
		t.Run("a link's time can't be set back to hide a deletion", func(t *testing.T) {
			tr := pruned(t)
			tr.deleteEntry(6)
			tr.editLink(6, "occurred_at = '2026-01-01 00:00:00'")
			if v := tr.verify(tr.tenant, ""); v.Status != audit.Altered || v.First.EntryID != tr.entries[6].ID {
				t.Errorf("%+v", v)
			}
		})
		t.Run("its Prune entry edited", func(t *testing.T) {
			tr := pruned(t)
			tr.deleteEntry(6)
			tr.execf(`UPDATE audit_entries SET changes = '{"before":{"before":null,"after":"2027-01-01T00:00:00Z"}}' WHERE tenant_id = '%s' AND id = '%s'`,
				tr.tenant, prune(tr).ID)
			tr.want(t, tr.verify(tr.tenant, ""), finding{audit.Missing, 1, 0})
		})
		t.Run("its Prune entry forged", func(t *testing.T) {
			tr := shared.with(t, newKeys(t, secret)).newTrail()
			tr.deleteEntry(0)
			tr.execf(`UPDATE audit_entries SET action = 'audit.prune', changes = '{"before":{"before":null,"after":"2027-01-01T00:00:00Z"}}' WHERE %s`, tr.where("id", 8))
			tr.want(t, tr.verify(tr.tenant, ""), finding{audit.Missing, 1, 0})
		})
		t.Run("its Prune entry copied from another tenant", func(t *testing.T) {
			tr, other := shared.with(t, newKeys(t, secret)).newTrail(), pruned(t)
			tr.deleteEntry(0)
			id := prune(other).ID
			for table, key := range map[string]string{"audit_entries": "id", "audit_links": "entry_id"} {
				tr.execf("UPDATE %s SET tenant_id = '%s' WHERE tenant_id = '%s' AND %s = '%s'", table, tr.tenant, other.tenant, key, id)
			}
			tr.want(t, tr.verify(tr.tenant, ""), finding{audit.Missing, 1, 0})
		})
		t.Run("its Prune entry deleted", func(t *testing.T) {
			tr := pruned(t)
			tr.execf("DELETE FROM audit_entries WHERE tenant_id = '%s' AND id = '%s'", tr.tenant, prune(tr).ID)
			tr.want(t, tr.verify(tr.tenant, ""), finding{audit.Missing, 1, 0})
		})
	})
}

// nasty returns values that engines often change.
type nasty struct{ *rand.Rand }

func (r nasty) text(n int) string {
	alphabet := []rune("aA \t\n'\"\\%_?$:@;-/*\u00e9e\u0301\u00df\ufb01\U0001f600\U0001f601\u200b\uffee\u2028\u007f\u0001<>&0.e+{}[]")
	var b strings.Builder
	for range r.IntN(n + 1) {
		b.WriteRune(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

func (r nasty) optional(n int) *string {
	if r.IntN(3) == 0 {
		return nil
	}
	return new(r.text(n))
}

func (r nasty) id() *uuid.UUID {
	if r.IntN(3) == 0 {
		return nil
	}
	return new(uuid.New())
}

func (r nasty) value(depth int) any {
	floats := []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 1.5e-7, 1e21, 1e20, 123456789.123456789, math.MaxFloat64, math.SmallestNonzeroFloat64, 1 << 53, -33.865143}
	ints := []int64{0, -1, 1<<53 + 1, math.MaxInt64, math.MinInt64, 42}
	switch kind := r.IntN(8); {
	case kind == 0:
		return nil
	case kind == 1:
		return r.IntN(2) == 0
	case kind == 2:
		return ints[r.IntN(len(ints))]
	case kind == 3:
		return floats[r.IntN(len(floats))]
	case kind == 4:
		return r.NormFloat64() * math.Pow10(r.IntN(40)-20)
	case kind == 5 && depth > 0:
		return []any{r.value(depth - 1), r.value(depth - 1)}
	case kind == 6 && depth > 0:
		return map[string]any{r.text(5): r.value(depth - 1), r.text(5): r.value(depth - 1)}
	}
	return r.text(40)
}

func TestSignatureSurvivesEveryEngine(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChain(t, engine)
		tenantID := c.tenant()
		const seed, many = 7, 400
		r := nasty{rand.New(rand.NewPCG(seed, seed))}
		for range many {
			changes := map[string]any{}
			for range r.IntN(4) {
				changes[r.text(8)] = audit.Change{Before: r.value(2), After: r.value(2)}
			}
			encoded, err := json.Marshal(changes)
			if err != nil {
				t.Fatal(err)
			}
			c.insert(db.AuditEntry{
				TenantID: tenantID, ID: uuid.Must(uuid.NewV7()), OccurredAt: time.UnixMicro(r.Int64N(4e15)).In(time.FixedZone("", r.IntN(80000)-40000)),
				ActorID: r.id(), ActorEmail: r.optional(254), ActorRole: r.optional(16), ActorIsSuperuser: r.IntN(2) == 0, SessionID: r.id(),
				Action: r.text(64), EntityType: r.optional(32), EntityID: r.id(), EntityLabel: r.optional(254), Changes: encoded,
				Outcome: "failure", Reason: r.optional(64), IP: r.text(45), UserAgent: r.text(512), RequestID: r.text(128), Method: r.text(16), Path: r.text(512),
			})
		}
		if v := c.verify(tenantID, ""); v.Status != audit.Intact || v.Waiting != many {
			t.Errorf("before the seal, with seed %d: %s", seed, v.Detail())
		}
		c.seal(tenantID)
		if v := c.verify(tenantID, ""); v.Status != audit.Intact || v.Seq != many {
			t.Errorf("with seed %d: %s", seed, v.Detail())
		}
	})
}

// MySQL 8 changes the format of JSON. Only the value is signed.
func TestOnlyTheValueOfChangesIsSigned(t *testing.T) {
	t.Parallel()
	c := newChain(t, store.SQLite)
	blob := func(text string) string { return "X'" + hex.EncodeToString([]byte(text)) + "'" } // as the program stores it
	for name, test := range map[string]struct {
		spelling string
		want     audit.Status
	}{
		"order and blanks":     {`{ "b": [1, 2], "a": "\u00e9/" }`, audit.Intact},
		"another number":       {`{"a":"é/","b":[1,3]}`, audit.Altered},
		"a fraction":           {`{"a":"é/","b":[1,2.0000001]}`, audit.Altered},
		"a name twice":         {`{"a":"x","a":"é/","b":[1,2]}`, audit.Altered},
		"no JSON":              {`{`, audit.Altered},
		"something after it":   {`{"a":"é/","b":[1,2]} {}`, audit.Altered},
		"order of a list":      {`{"a":"é/","b":[2,1]}`, audit.Altered},
		"composed differently": {`{"a":"e` + "\u0301" + `/","b":[1,2]}`, audit.Altered},
	} {
		e := someEntry(c.tenant(), 1)
		e.Changes = json.RawMessage(`{"a":"é/","b":[1,2]}`)
		c.insert(e)
		c.execf("UPDATE audit_entries SET changes = %s WHERE tenant_id = '%s'", blob(test.spelling), e.TenantID)
		if v := c.verify(e.TenantID, ""); v.Status != test.want {
			t.Errorf("%s: %s, want %s", name, v.Status, test.want)
		}
	}
	// The other engines reject invalid JSON and values of other types.
	for column, value := range map[string]string{"changes": "x'00ff'", "occurred_at": "'yesterday'", "actor_id": "'me'", "actor_is_superuser": "'perhaps'"} {
		e := someEntry(c.tenant(), 1)
		c.insert(e)
		c.execf("UPDATE audit_entries SET %s = %s WHERE tenant_id = '%s'", column, value, e.TenantID)
		if v := c.verify(e.TenantID, ""); v.Status != audit.Altered || v.First.EntryID != e.ID {
			t.Errorf("%s: %+v", column, v)
		}
	}
	for _, numbers := range [][2]string{{"1e21", "1000000000000000000000.0"}, {"1.5", "1.50"}, {"9007199254740993", "9007199254740993"}} {
		e := someEntry(c.tenant(), 1)
		e.Changes = json.RawMessage(numbers[0])
		c.insert(e)
		c.execf("UPDATE audit_entries SET changes = %s WHERE tenant_id = '%s'", blob(numbers[1]), e.TenantID)
		if v := c.verify(e.TenantID, ""); v.Status != audit.Intact {
			t.Errorf("%v: %s", numbers, v.Status)
		}
	}
	e := someEntry(c.tenant(), 1)
	e.Changes = json.RawMessage("9007199254740993")
	c.insert(e)
	c.execf("UPDATE audit_entries SET changes = %s WHERE tenant_id = '%s'", blob("9007199254740992"), e.TenantID)
	if v := c.verify(e.TenantID, ""); v.Status != audit.Altered {
		t.Errorf("with a large number: %s", v.Status)
	}
}

// TestEveryColumnIsSigned also covers columns that are added later.
func TestEveryColumnIsSigned(t *testing.T) {
	t.Parallel()
	derived := []string{"occurred_on", "action_area", "search_text"}
	signatures := map[string]string{}
	sign := func(name string, e db.AuditEntry) {
		written := &trail{}
		if err := audit.NewLog(newKeys(t, secret), nil, nil).Insert(t.Context(), store.Tx{Querier: written}, e); err != nil {
			t.Fatal(err)
		}
		mac := hex.EncodeToString(written.links[0].MAC)
		if before, taken := signatures[mac]; taken {
			t.Errorf("%s has the same signature as %s", name, before)
		}
		signatures[mac] = name
	}
	base := db.AuditEntry{ID: entryID, Changes: json.RawMessage("{}"), OccurredAt: noon}
	sign("base", base)
	for field := range reflect.TypeFor[db.AuditEntry]().Fields() {
		name := field.Tag.Get("json")
		if slices.Contains(derived, name) {
			continue
		}
		e := base
		column := reflect.ValueOf(&e).Elem().FieldByIndex(field.Index)
		switch name {
		case "changes":
			e.Changes = json.RawMessage(`{"a":1}`)
		case "id":
			e.ID = user
		default:
			fill(t, column)
		}
		sign(name, e)
	}
}

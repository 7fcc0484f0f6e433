package audit_test

import (
	"context"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tenantry/tenantry/internal/store"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
)

var (
	noon    = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	entryID = uuid.MustParse("019371a0-5c00-7000-8000-000000000001")
	tenant  = uuid.MustParse("019371a0-5c00-7000-8000-000000000002")
	home    = uuid.MustParse("019371a0-5c00-7000-8000-000000000003")
	user    = uuid.MustParse("019371a0-5c00-7000-8000-000000000004")
	session = uuid.MustParse("019371a0-5c00-7000-8000-000000000005")
	entity  = uuid.MustParse("019371a0-5c00-7000-8000-000000000006")
)

// trail records the entries that are written. A call of any other query panics.
type trail struct {
	db.Querier

	entries []db.InsertAuditEntryParams
	links   []db.InsertAuditLinkParams
}

func (t *trail) InsertAuditEntry(_ context.Context, row db.InsertAuditEntryParams) error {
	t.entries = append(t.entries, row)
	return nil
}

func (t *trail) InsertAuditLink(_ context.Context, row db.InsertAuditLinkParams) error {
	t.links = append(t.links, row)
	return nil
}

func newKeys(t testing.TB, secrets ...string) *audit.Keys {
	t.Helper()
	var all [][]byte
	for _, s := range secrets {
		all = append(all, []byte(s))
	}
	keys, err := audit.NewKeys(all[0], all[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

const (
	secret       = "only-for-tests-5rB0vV7mYk3sQxN2cJ8w"
	anotherValue = "only-for-tests-8Hc1zP4qLt6uRb9dWm3x"
)

func write(ctx context.Context, by access.Principal, e audit.Entry) ([]db.InsertAuditEntryParams, error) {
	keys, err := audit.NewKeys([]byte(secret))
	if err != nil {
		return nil, err
	}
	log := audit.NewLog(keys, func() time.Time { return noon }, func() uuid.UUID { return entryID })
	written := &trail{}
	err = log.Write(ctx, store.Tx{Querier: written}, by, e)
	return written.entries, err
}

// during returns the context of a request for an operation.
func during(t *testing.T, operation access.Operation) context.Context {
	t.Helper()
	return access.WithRequest(t.Context(), &access.Request{
		ID: "r-1", IP: "192.0.2.1", UserAgent: "curl/8", Method: "PUT", Path: "/things/1", RawQuery: "secret=1", Operation: operation,
	})
}

func updateThing() access.Operation {
	return access.Operation{ID: "updateThing", AuditAction: "thing.update"}
}

func TestEntryHasPrincipalRequestAndChanges(t *testing.T) {
	t.Parallel()
	by := access.Principal{
		UserID: user, SessionID: session, HomeTenantID: home, TenantID: tenant, Email: "a@example.com", Role: access.Superuser, UserRole: access.Admin,
	}
	got, err := write(during(t, updateThing()), by, audit.Entry{
		EntityType: "thing", EntityID: entity, EntityLabel: "Thing", Changes: audit.Changes{"name": {Before: "a", After: "b"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []db.InsertAuditEntryParams{{
		TenantID: tenant, ID: entryID, OccurredAt: noon, OccurredOn: "2026-11-23", ActorID: &user, ActorEmail: new("a@example.com"), ActorRole: new("admin"), ActorIsSuperuser: true,
		SessionID: &session, Action: "thing.update", ActionArea: "thing", EntityType: new("thing"), EntityID: &entity, EntityLabel: new("Thing"),
		Changes: []byte(`{"name":{"before":"a","after":"b"}}`), Outcome: "success",
		IP: "192.0.2.1", UserAgent: "curl/8", RequestID: "r-1", Method: "PUT", Path: "/things/1",
		SearchText: "thing.update\n/things/1\na@example.com\nthing",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnonymousEntryHasNoActor(t *testing.T) {
	t.Parallel()
	got, err := write(during(t, updateThing()), access.Principal{}, audit.Entry{TenantID: tenant, Outcome: audit.Failure, Reason: "because"})
	if err != nil {
		t.Fatal(err)
	}
	want := []db.InsertAuditEntryParams{{
		TenantID: tenant, ID: entryID, OccurredAt: noon, OccurredOn: "2026-11-23", Action: "thing.update", ActionArea: "thing", Changes: []byte("{}"), Outcome: "failure", Reason: new("because"),
		IP: "192.0.2.1", UserAgent: "curl/8", RequestID: "r-1", Method: "PUT", Path: "/things/1", SearchText: "thing.update\n/things/1\nbecause",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEntryOfItsOwnActionAndTenant(t *testing.T) {
	t.Parallel()
	reading := access.Operation{ID: "getThing", AuditAction: access.NoAuditAction}
	got, err := write(during(t, reading), access.Principal{TenantID: home}, audit.Entry{Action: audit.TenantAccess, TenantID: tenant})
	if err != nil || len(got) != 1 || got[0].Action != audit.TenantAccess || got[0].TenantID != tenant {
		t.Errorf("%+v, %v; want tenant.access in the tenant that the entry names", got, err)
	}
}

func TestEntryIsRefusedWithoutActionOrTenant(t *testing.T) {
	t.Parallel()
	ours := access.Principal{TenantID: tenant}
	for name, test := range map[string]struct {
		operation access.Operation
		by        access.Principal
		entry     audit.Entry
		says      string
	}{
		"the document declares none": {access.Operation{ID: "getThing", AuditAction: access.NoAuditAction}, ours, audit.Entry{}, `"getThing"`},
		"the caller says none":       {updateThing(), ours, audit.Entry{Action: access.NoAuditAction}, `"updateThing"`},
		"outside of an operation":    {access.Operation{}, ours, audit.Entry{}, "declares no action"},
		"no tenant":                  {updateThing(), access.Principal{UserID: user}, audit.Entry{}, "needs a tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := write(during(t, test.operation), test.by, test.entry)
			if err == nil || !strings.Contains(err.Error(), test.says) || len(got) != 0 {
				t.Errorf("%d entries and error %v, want no entry and an error with %s", len(got), err, test.says)
			}
		})
	}
}

func TestEntryIsCutToTheWidthOfItsColumnsByCharacters(t *testing.T) {
	t.Parallel()
	for _, letter := range []string{"x", "ä", "🧭"} {
		for _, extra := range []int{0, 1, 100} {
			ctx := during(t, updateThing())
			access.RequestFrom(ctx).Path = strings.Repeat(letter, 512+extra)
			got, err := write(ctx, access.Principal{TenantID: tenant}, audit.Entry{EntityLabel: strings.Repeat(letter, 254+extra)})
			if err != nil {
				t.Fatal(err)
			}
			label, path := *got[0].EntityLabel, got[0].Path
			if label != strings.Repeat(letter, 254) || path != strings.Repeat(letter, 512) {
				t.Errorf("%d too many %s: %d and %d characters, want 254 and 512", extra, letter, utf8.RuneCountInString(label), utf8.RuneCountInString(path))
			}
		}
	}
}

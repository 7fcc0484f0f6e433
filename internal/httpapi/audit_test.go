package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

const (
	auditPath       = "/api/v1/audit/logs"
	auditStatsPath  = auditPath + "/stats"
	auditExportPath = auditPath + "/export"
)

// someDay is long before all entries that the application writes in a test.
var someDay = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

func listAuditLogs(t *testing.T, by *apitest.Actor, query url.Values) api.AuditEntryPage {
	t.Helper()
	return apitest.Decode[api.AuditEntryPage](t, by.Do(t, http.MethodGet, auditPath+"?"+query.Encode(), "").Want(t, 200))
}

// agents reads all pages of a list and returns the user agents of its entries. Tests identify
// entries by their user agents.
func agents(t *testing.T, by *apitest.Actor, query url.Values) []string {
	t.Helper()
	var all []string
	for {
		page := listAuditLogs(t, by, query)
		for _, e := range page.Items {
			all = append(all, e.UserAgent)
		}
		if page.NextCursor == nil {
			return all
		}
		query.Set("cursor", *page.NextCursor)
	}
}

// filterable has the ids for entries that every filter can tell apart.
type filterable struct{ actor, entity uuid.UUID }

func newFilterable(t *testing.T, a *apitest.App, tenantID uuid.UUID) filterable {
	t.Helper()
	f := filterable{uuid.New(), uuid.New()}
	email, label, company, user, reason := "Zoë@Example.com", "100%_Sure", "company", "user", "role"
	for i, change := range []func(*db.AuditEntry){
		func(e *db.AuditEntry) { e.Action, e.ActorID, e.ActorEmail = "company.create", &f.actor, &email },
		func(e *db.AuditEntry) { e.Action, e.EntityType, e.EntityID = "company.update", &company, &f.entity },
		func(e *db.AuditEntry) {
			e.Action, e.Outcome, e.Reason, e.IP = "auth.login", "denied", &reason, "2001:db8::1"
		},
		func(e *db.AuditEntry) { e.Action, e.RequestID, e.EntityType = "user.update", "my-request", &user },
		func(e *db.AuditEntry) {
			e.Action, e.EntityLabel, e.Path = "company_x.create", &label, "/api/v1/Special"
		},
		func(e *db.AuditEntry) { e.Action, e.OccurredAt = "company.delete", someDay.Add(4*time.Second) }, // the time of the one before
	} {
		a.AuditEntry(t, tenantID, func(e *db.AuditEntry) {
			e.OccurredAt, e.UserAgent = someDay.Add(time.Duration(i)*time.Second), fmt.Sprint(i)
			change(e)
		})
	}
	return f
}

func TestListAuditLogs(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		f := newFilterable(t, a, admin.User.TenantID)
		newFilterable(t, a, a.Tenant(t).ID)
		until := someDay.Add(time.Hour).Format(time.RFC3339) // without the log-in
		t.Run("200 newest first, whatever the page size", func(t *testing.T) {
			for _, limit := range []string{"1", "2", "4", "6", "100"} {
				got := strings.Join(agents(t, admin, url.Values{"limit": {limit}, "to": {until}}), "")
				if got != "543210" {
					t.Errorf("limit %s: %s", limit, got)
				}
			}
			if got := listAuditLogs(t, admin, url.Values{}); got.Items[0].Action != "auth.login" || got.Total != nil {
				t.Errorf("the newest entry is %s, total %v", got.Items[0].Action, got.Total)
			}
		})
		t.Run("200 with filters", func(t *testing.T) {
			for query, want := range map[string]string{
				"actor_id=" + f.actor.String(): "0", "actor_id=" + uuid.NewString(): "",
				"action=company.create": "0", "action=company.*": "510", "action=branch.delete": "", "action=branch.*": "", "action=company_x.*": "4", "action=company_x.create": "4",
				"entity_type=company": "1", "entity_type=user": "3", "entity_type=branch": "", "entity_id=" + f.entity.String(): "1",
				"outcome=denied": "2", "outcome=failure": "", "ip=2001:db8::1": "2", "ip=2001:DB8:0::0001": "2", "ip=2001:db8::0.0.0.1": "2", "ip=2001:db8::1%25eth0": "2", "ip=::ffff:198.51.100.9": "", "request_id=my-request": "3", "request_id=my": "",
				"from=2026-01-31T12:00:03Z": "543", "to=2026-01-31T12:00:01Z": "0", "from=2026-01-31T12:00:01Z&to=2026-01-31T12:00:02Z": "1",
				"from=2026-01-31T13:00:02%2B01:00&to=2026-01-31T12:00:02.0000001Z": "2", "from=2026-01-31T12:00:04.0000001Z": "",
				"from=2026-01-31T12:00:01Z&to=2026-01-31T12:00:01Z": "", "from=0001-01-01T00:00:00Z&to=2026-01-31T12:00:01Z": "0", "from=9999-12-31T23:59:59Z": "",
				"q=zo%C3%AB@EXAMPLE": "0", "q=100%25_S": "4", "q=%25": "4", "q=special": "4", "q=company.": "510", "q=role": "2", "q='": "",
				"action=company.*&q=zo%C3%AB": "0", "action=company.*&outcome=denied": "", "entity_type=company&entity_id=" + f.entity.String() + "&outcome=success": "1",
			} {
				values, err := url.ParseQuery(query)
				if err != nil {
					t.Fatal(err)
				}
				if !values.Has("to") {
					values.Set("to", until)
					if strings.HasPrefix(query, "from=9") {
						values.Del("to")
					}
				}
				for _, limit := range []string{"1", "100"} {
					values.Set("limit", limit)
					if got := strings.Join(agents(t, admin, values), ""); got != want {
						t.Errorf("%s in pages of %s: %q, want %q", query, limit, got, want)
					}
					values.Del("cursor")
				}
				values.Set("count", "true")
				if page := listAuditLogs(t, admin, values); page.Total == nil || int(*page.Total) != len(want) {
					t.Errorf("%s: total %v, want %d", query, page.Total, len(want))
				}
			}
		})
		t.Run("200 follows the Link header", func(t *testing.T) {
			reply := admin.Do(t, http.MethodGet, auditPath+"?limit=2&action=company.*", "").Want(t, 200)
			next, rel, _ := strings.Cut(strings.TrimPrefix(reply.Header.Get("Link"), "<"), ">")
			if rel != `; rel="next"` {
				t.Fatalf("Link: %s", reply.Header.Get("Link"))
			}
			last := admin.Do(t, http.MethodGet, next, "").Want(t, 200)
			if page := apitest.Decode[api.AuditEntryPage](t, last); len(page.Items) != 1 || page.NextCursor != nil || last.Header.Get("Link") != "" {
				t.Errorf("last page: %s, Link %q", last.Body, last.Header.Get("Link"))
			}
		})
		t.Run("200 while other entries are written", func(t *testing.T) {
			query := url.Values{"limit": {"2"}, "to": {until}}
			first := listAuditLogs(t, admin, query)
			a.AuditEntry(t, admin.User.TenantID, func(e *db.AuditEntry) { e.OccurredAt, e.UserAgent = someDay.Add(time.Minute), "new" })
			query.Set("cursor", *first.NextCursor)
			if got := strings.Join(agents(t, admin, query), ""); got != "3210" {
				t.Errorf("after the first page: %s, want 3210", got)
			}
		})
		t.Run("422 for a cursor that isn't of this list", func(t *testing.T) {
			own := *listAuditLogs(t, admin, url.Values{"limit": {"1"}}).NextCursor
			other := a.Actor(t, access.Admin)
			a.AuditEntry(t, other.User.TenantID)
			foreign := *listAuditLogs(t, other, url.Values{"limit": {"1"}}).NextCursor
			for name, query := range map[string]url.Values{
				"foreign": {"cursor": {foreign}}, "truncated": {"cursor": {own[:len(own)-3]}}, "nonsense": {"cursor": {"nonsense"}},
				"other filter": {"cursor": {own}, "action": {"company.*"}}, "other time": {"cursor": {own}, "to": {until}},
				"other text": {"cursor": {own}, "q": {"a"}}, "other outcome": {"cursor": {own}, "outcome": {"success"}},
			} {
				reply := admin.Do(t, http.MethodGet, auditPath+"?"+query.Encode(), "")
				if reply.Status != 422 {
					t.Errorf("%s: status %d", name, reply.Status)
					continue
				}
				reply.WantCode(t, 422, "invalid_cursor")
			}
			listAuditLogs(t, admin, url.Values{"cursor": {own}, "limit": {"2"}, "count": {"true"}})
		})
		t.Run("200 for actions and entities that only the trail has", func(t *testing.T) {
			admin.Do(t, http.MethodGet, auditPath+"?action=company.rename", "").WantField(t, "action", "not_allowed")
			kind := "building"
			a.AuditEntry(t, admin.User.TenantID, func(e *db.AuditEntry) { e.Action, e.EntityType = "company.rename", &kind })
			for _, query := range []string{"action=company.rename", "entity_type=building"} {
				for _, path := range []string{auditPath, auditExportPath} {
					admin.Do(t, http.MethodGet, path+"?"+query, "").Want(t, 200)
				}
				// The entries of another tenant don't matter.
				a.Actor(t, access.Admin).Do(t, http.MethodGet, auditPath+"?"+query, "").WantCode(t, 422, "validation_failed")
			}
		})
		t.Run("422 for parameters out of range", func(t *testing.T) {
			for query, rule := range map[string]string{
				"action=Company.*": "pattern", "action=*": "pattern", "action=company.": "pattern", "action=a.*.b": "pattern", "actor_id=me": "format", "entity_id=1": "format",
				"outcome=good": "not_allowed", "from=yesterday": "format", "from=2026-02-31T00:00:00Z": "format", "to=2026-01-01": "format",
				"from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z": "maximum", "q=": "too_short", "ip=": "too_short", "limit=101": "maximum",
				"ip=x": "format", "ip=198.51.100": "format", "ip=198.51.100.09": "format", "ip=198.51.100.9:80": "format", "ip=198.51.100.0/24": "format", "ip=%20198.51.100.9": "format",
				"entity_type=Company": "not_allowed", "entity_type=company.create": "not_allowed", "entity_type=audit_entry": "not_allowed", "entity_type=%20": "not_allowed",
				"action=company": "not_allowed", "action=company.created": "not_allowed", "action=nothing.*": "not_allowed", "action=company_y.*": "not_allowed", "request_id=a%20b": "format",
				"q=%00": "not_allowed", "sort=time": "unknown",
			} {
				name, _, _ := strings.Cut(query, "=")
				reply := admin.Do(t, http.MethodGet, auditPath+"?"+query, "")
				if reply.Status != 422 {
					t.Errorf("%s: status %d: %s", query, reply.Status, reply.Body)
					continue
				}
				reply.WantField(t, name, rule)
			}
		})
	})
}

func TestGetAuditLog(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		t.Run("200 with the changes", func(t *testing.T) {
			created := admin.Do(t, http.MethodPost, companiesPath, `{"code":"A","name":"<Acme> & Söhne"}`).Want(t, 201)
			company := apitest.Decode[api.Company](t, created)
			page := listAuditLogs(t, admin, url.Values{"request_id": {created.Header.Get("X-Request-Id")}})
			if len(page.Items) != 1 {
				t.Fatalf("%d entries of the request", len(page.Items))
			}
			entry := apitest.Decode[api.AuditEntry](t, admin.Do(t, http.MethodGet, auditPath+"/"+page.Items[0].ID.String(), "").Want(t, 200))
			if diff := cmp.Diff(page.Items[0], entry); diff != "" {
				t.Errorf("the list and the entry differ: %s", diff)
			}
			var changes map[string]map[string]any
			if err := json.Unmarshal(entry.Changes, &changes); err != nil || changes["name"]["after"] != "<Acme> & Söhne" || changes["name"]["before"] != nil {
				t.Errorf("changes: %s", entry.Changes)
			}
			actor := entry.Actor
			if entry.Action != "company.create" || *entry.EntityType != "company" || *entry.EntityID != company.ID || *entry.EntityLabel != company.Name ||
				actor == nil || actor.ID != admin.User.ID || *actor.Email != admin.User.Email || *actor.Role != "admin" || actor.IsSuperuser ||
				entry.SessionID == nil || entry.TenantID != admin.User.TenantID || entry.Outcome != "success" || entry.Reason != nil ||
				entry.IP != "127.0.0.1" || entry.Method != "POST" || entry.Path != companiesPath || entry.Time.Before(company.CreatedAt.Add(-time.Minute)) {
				t.Errorf("entry: %+v", entry)
			}
		})
		t.Run("200 without an actor", func(t *testing.T) {
			a.Do(t, http.MethodPost, loginPath, `{"email":"`+admin.User.Email+`","password":"wrong"}`).Want(t, 401)
			page := listAuditLogs(t, admin, url.Values{"outcome": {"failure"}})
			if len(page.Items) != 1 || page.Items[0].Actor != nil || page.Items[0].SessionID != nil || *page.Items[0].Reason != "invalid_credentials" {
				t.Errorf("%+v", page.Items)
			}
		})
		t.Run("404 for a missing entry, and the same for another tenant's", func(t *testing.T) {
			foreign := a.AuditEntry(t, a.Tenant(t).ID)
			missing := admin.Do(t, http.MethodGet, auditPath+"/"+uuid.NewString(), "")
			got := admin.Do(t, http.MethodGet, auditPath+"/"+foreign.ID.String(), "")
			if diff := cmp.Diff(withoutVariables(t, missing), withoutVariables(t, got)); diff != "" {
				t.Errorf("a foreign id gets another reply than a missing one: %s", diff)
			}
		})
		t.Run("405 for changes", func(t *testing.T) {
			for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPost} {
				admin.Do(t, method, auditPath+"/"+uuid.NewString(), "").WantCode(t, 405, "method_not_allowed")
			}
		})
	})
}

func TestAuditStats(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		stats := func(query string) api.AuditStats {
			t.Helper()
			return apitest.Decode[api.AuditStats](t, admin.Do(t, http.MethodGet, auditStatsPath+query, "").Want(t, 200))
		}
		for _, tenantID := range []uuid.UUID{admin.User.TenantID, a.Tenant(t).ID} {
			for i, action := range []string{"b.x", "a.x", "b.x", "c.x", "a.x", "b.x"} {
				a.AuditEntry(t, tenantID, func(e *db.AuditEntry) {
					e.Action, e.OccurredAt = action, someDay.Add(time.Duration(i)*6*time.Hour)
					if i%2 == 0 {
						e.ActorID, e.ActorEmail = &admin.User.ID, &admin.User.Email
					}
				})
			}
		}
		t.Run("200 for a half-open interval", func(t *testing.T) {
			got := stats("?from=2026-01-31T12:00:00Z&to=2026-02-01T18:00:00Z") // without the last one
			want := api.AuditStats{
				From: got.From, To: got.To, Total: 5,
				ByAction: []api.AuditActionCount{{Action: "a.x", Entries: 2}, {Action: "b.x", Entries: 2}, {Action: "c.x", Entries: 1}},
				ByActor:  []api.AuditActorCount{{ActorID: admin.User.ID, ActorEmail: &admin.User.Email, Entries: 3}},
				ByDay:    []api.AuditDayCount{{Day: "2026-01-31", Entries: 2}, {Day: "2026-02-01", Entries: 3}},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if !got.From.Equal(someDay) || !got.To.Equal(someDay.Add(30*time.Hour)) {
				t.Errorf("from %s to %s", got.From, got.To)
			}
		})
		t.Run("200 of the last 30 days", func(t *testing.T) {
			got := stats("")
			if got.Total != 1 || got.ByAction[0].Action != "auth.login" || got.To.Sub(got.From.Time) != 30*24*time.Hour || got.To.Before(time.Now().Add(-time.Hour)) {
				t.Errorf("%+v", got)
			}
			if got := stats("?to=2026-02-01T00:00:00Z"); got.Total != 2 || !got.From.Equal(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)) {
				t.Errorf("%+v", got)
			}
		})
		t.Run("200 for an interval without entries", func(t *testing.T) {
			got := stats("?to=2020-01-01T00:00:00Z")
			if got.Total != 0 || got.ByAction == nil || got.ByActor == nil || got.ByDay == nil {
				t.Errorf("%+v", got)
			}
		})
		t.Run("422", func(t *testing.T) {
			stats("?from=2025-01-01T00:00:00Z&to=2026-01-02T00:00:00Z")
			admin.Do(t, http.MethodGet, auditStatsPath+"?from=2025-01-01T00:00:00Z&to=2026-01-02T00:00:00.000001Z", "").WantField(t, "from", "minimum")
			admin.Do(t, http.MethodGet, auditStatsPath+"?from=2126-01-01T00:00:00Z", "").WantField(t, "from", "maximum")
		})
	})
}

func TestOnlyAdminsReadTheAuditTrail(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		tenant := a.Tenant(t)
		entry := a.AuditEntry(t, tenant.ID)
		paths := []string{auditPath, auditPath + "/" + entry.ID.String(), auditStatsPath, auditExportPath}
		for _, role := range []access.Role{access.Viewer, access.User} {
			actor := a.ActorIn(t, tenant.ID, role)
			for _, path := range paths {
				actor.Do(t, http.MethodGet, path, "").WantCode(t, 403, "forbidden")
			}
			if refused := a.AuditEntries(t, tenant.ID, "audit.export"); len(refused) == 0 || slices.ContainsFunc(refused, func(e apitest.AuditEntry) bool { return e.Outcome != "denied" }) {
				t.Errorf("refused exports in the trail: %+v", refused)
			}
		}
		super := a.Superuser(t)
		for _, path := range paths {
			a.ActorIn(t, tenant.ID, access.Admin).Do(t, http.MethodGet, path, "").Want(t, 200)
			super.Do(t, http.MethodGet, path+"?tenant_id="+tenant.ID.String(), "").Want(t, 200)
		}
		super.Do(t, http.MethodGet, paths[1], "").WantCode(t, 404, "not_found")
	})
}

func TestAttemptOnAnotherTenantIsInTheActorsTrail(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		mine, theirs := a.Actor(t, access.Admin), a.Actor(t, access.Admin)
		mine.Do(t, http.MethodDelete, companiesPath+"/"+uuid.NewString()+"?tenant_id="+theirs.User.TenantID.String(), "").WantCode(t, 404, "not_found")
		mine.Do(t, http.MethodGet, companiesPath+"?tenant_id="+theirs.User.TenantID.String(), "").WantCode(t, 404, "not_found")
		mine.Do(t, http.MethodGet, companiesPath+"?tenant_id="+mine.User.TenantID.String(), "").Want(t, 200)
		for _, action := range []string{"company.delete", "access.denied"} {
			entries := a.AuditEntries(t, mine.User.TenantID, action)
			if len(entries) != 1 || entries[0].Outcome != "denied" || entries[0].EntityID != theirs.User.TenantID.String() {
				t.Errorf("%s: %+v", action, entries)
			}
			if entries := a.AuditEntries(t, theirs.User.TenantID, action); len(entries) != 0 {
				t.Errorf("%s is in the other tenant's trail: %+v", action, entries)
			}
		}
	})
}

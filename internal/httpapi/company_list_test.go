package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

func listCompanies(t *testing.T, by *apitest.Actor, query url.Values) api.CompanyPage {
	t.Helper()
	return apitest.Decode[api.CompanyPage](t, by.Do(t, http.MethodGet, companiesPath+"?"+query.Encode(), "").Want(t, 200))
}

// codes reads all pages of a list and returns the codes of its companies.
func codes(t *testing.T, by *apitest.Actor, query url.Values) []string {
	t.Helper()
	var all []string
	for {
		page := listCompanies(t, by, query)
		for _, c := range page.Items {
			all = append(all, c.Code)
		}
		if page.NextCursor == nil {
			return all
		}
		query.Set("cursor", *page.NextCursor)
	}
}

func TestListCompanies(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		viewer := a.Actor(t, access.Viewer)
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		// Names that differ only in case, equal names, and equal times: the ids decide.
		names := []string{"beta", "Alpha", "alpha", "Gamma", "100%_sure", `back\slash`, "éclair", "Zulu", "zulu"}
		for i, name := range names {
			a.Company(t, viewer.User.TenantID, func(c *db.Company) {
				c.Code, c.Name, c.IsActive = fmt.Sprintf("C%d", i), name, i%2 == 0
				c.CreatedAt = start.Add(time.Duration(i/3) * time.Second)
				if i < 2 {
					norway := "NO"
					c.Country = &norway
				}
			})
		}
		t.Run("200 in each order, whatever the page size", func(t *testing.T) {
			byTime := []string{"C0", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8"}
			byName := []string{"C4", "C1", "C2", "C5", "C0", "C3", "C7", "C8", "C6"}
			reversed := func(s []string) []string { s = slices.Clone(s); slices.Reverse(s); return s }
			for sort, want := range map[string][]string{"": byTime, "created_at": byTime, "-created_at": reversed(byTime), "name": byName, "-name": reversed(byName)} {
				for _, limit := range []string{"", "1", "2", "4", "9", "100"} {
					query := url.Values{}
					for name, value := range map[string]string{"sort": sort, "limit": limit} {
						if value != "" {
							query.Set(name, value)
						}
					}
					if got := codes(t, viewer, query); !slices.Equal(got, want) {
						t.Errorf("sort %q, limit %q: %v, want %v", sort, limit, got, want)
					}
				}
			}
		})
		t.Run("200 with filters", func(t *testing.T) {
			for query, want := range map[string]string{
				"code=c3": "C3", "code=C33": "", "country=NO": "C0 C1", "country=no": "", "is_active=false": "C1 C3 C5 C7",
				"q=ALPHA": "C1 C2", "q=%25": "C4", "q=_": "C4", "q=%5C": "C5", "q=%C3%89CLAIR": "C6", "q=zu": "C7 C8", "q=nothing": "",
				"q=a&is_active=true&country=NO": "C0", "q='": "",
			} {
				values, err := url.ParseQuery(query)
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(codes(t, viewer, values), " "); got != want {
					t.Errorf("%s: %q, want %q", query, got, want)
				}
				values.Del("cursor")
				values.Set("count", "true")
				if page := listCompanies(t, viewer, values); page.Total == nil || int(*page.Total) != len(strings.Fields(want)) {
					t.Errorf("%s: total %v, want %d", query, page.Total, len(strings.Fields(want)))
				}
			}
			if page := listCompanies(t, viewer, url.Values{}); page.Total != nil {
				t.Error("a total without count=true")
			}
		})
		t.Run("200 follows the Link header", func(t *testing.T) {
			reply := viewer.Do(t, http.MethodGet, companiesPath+"?limit=5&sort=name&q=a", "").Want(t, 200)
			next, rel, _ := strings.Cut(strings.TrimPrefix(reply.Header.Get("Link"), "<"), ">")
			if rel != `; rel="next"` {
				t.Fatalf("Link: %s", reply.Header.Get("Link"))
			}
			last := viewer.Do(t, http.MethodGet, next, "").Want(t, 200)
			if page := apitest.Decode[api.CompanyPage](t, last); len(page.Items) == 0 || page.NextCursor != nil || last.Header.Get("Link") != "" {
				t.Errorf("last page: %s, Link %q", last.Body, last.Header.Get("Link"))
			}
		})
		t.Run("422 for a cursor that isn't of this list", func(t *testing.T) {
			own := *listCompanies(t, viewer, url.Values{"limit": {"1"}}).NextCursor
			other := a.Actor(t, access.Viewer)
			a.Company(t, other.User.TenantID)
			a.Company(t, other.User.TenantID)
			foreign := *listCompanies(t, other, url.Values{"limit": {"1"}}).NextCursor
			flipped := []byte(own)
			flipped[len(flipped)/2] ^= 1
			for name, query := range map[string]url.Values{
				"foreign":      {"cursor": {foreign}},
				"truncated":    {"cursor": {own[:len(own)-3]}},
				"altered":      {"cursor": {string(flipped)}},
				"nonsense":     {"cursor": {"nonsense"}},
				"not base64":   {"cursor": {"!"}},
				"other sort":   {"cursor": {own}, "sort": {"name"}},
				"other filter": {"cursor": {own}, "q": {"a"}},
			} {
				reply := viewer.Do(t, http.MethodGet, companiesPath+"?"+query.Encode(), "")
				if reply.Status != 422 {
					t.Errorf("%s: status %d", name, reply.Status)
					continue
				}
				reply.WantCode(t, 422, "invalid_cursor")
				reply.WantField(t, "cursor", "not_allowed")
			}
			// A cursor works with another page size, too.
			listCompanies(t, viewer, url.Values{"cursor": {own}, "limit": {"2"}, "count": {"true"}})
		})
		t.Run("422 for parameters out of range", func(t *testing.T) {
			for query, rule := range map[string]string{
				"limit=-1": "minimum", "limit=0": "minimum", "limit=101": "maximum", "limit=x": "type", "limit=1.5": "type", "limit=99999999999999999999": "type", "limit=1e1": "type", "limit=+5": "type", "limit=05": "type",
				"is_active=maybe": "type", "is_active=TRUE": "type", "count=1": "type", "sort=id": "not_allowed", "q=": "too_short", "q=%00": "not_allowed", "q=%FF": "not_allowed",
				"limit=1&limit=2": "duplicate", "cursor=": "too_short",
			} {
				name, _, _ := strings.Cut(query, "=")
				reply := viewer.Do(t, http.MethodGet, companiesPath+"?"+query, "")
				if reply.Status != 422 {
					t.Errorf("%s: status %d: %s", query, reply.Status, reply.Body)
					continue
				}
				reply.WantField(t, name, rule)
			}
			reply := viewer.Do(t, http.MethodGet, companiesPath+"?limit=0&sort=id&nonsense=1", "")
			reply.WantField(t, "limit", "minimum")
			reply.WantField(t, "sort", "not_allowed")
			reply.WantField(t, "nonsense", "unknown")
			viewer.Do(t, http.MethodGet, companiesPath+"?q=%zz", "").WantCode(t, 422, "validation_failed")
		})
	})
}

func TestListWhileOthersWrite(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		admin := a.Actor(t, access.Admin)
		for i := range 10 {
			a.Company(t, admin.User.TenantID, func(c *db.Company) { c.Code, c.Name = fmt.Sprintf("M%02d", i), fmt.Sprintf("m%02d", i) })
		}
		query := url.Values{"limit": {"3"}, "sort": {"name"}}
		var seen []string
		for page := 0; ; page++ {
			reply := listCompanies(t, admin, query)
			for _, c := range reply.Items {
				seen = append(seen, c.Code)
			}
			if reply.NextCursor == nil {
				break
			}
			query.Set("cursor", *reply.NextCursor)
			// Companies before the reader's position, or moved there, don't change the following
			// pages.
			admin.Do(t, http.MethodPost, companiesPath, fmt.Sprintf(`{"code":"A%d","name":"a%d"}`, page, page)).Want(t, 201)
			if page == 0 {
				admin.Do(t, http.MethodDelete, companyPath(reply.Items[0].ID), "").Want(t, 204)
			}
		}
		if got, want := strings.Join(seen, " "), "M00 M01 M02 M03 M04 M05 M06 M07 M08 M09"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

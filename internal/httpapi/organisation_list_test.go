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

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// unitPage is a page of branches or departments.
type unitPage struct {
	Items      []unit  `json:"items"`
	NextCursor *string `json:"next_cursor"`
	Total      *int64  `json:"total"`
}

// unitCodes follows a list to its end and returns the codes of what is on it.
func unitCodes(t *testing.T, by *apitest.Actor, path string, query url.Values) string {
	t.Helper()
	query = mustParse(t, query.Encode())
	var all []string
	for {
		page := apitest.Decode[unitPage](t, by.Do(t, http.MethodGet, path+"?"+query.Encode(), "").Want(t, 200))
		for _, u := range page.Items {
			all = append(all, u.Code)
		}
		if page.NextCursor == nil {
			return strings.Join(all, " ")
		}
		query.Set("cursor", *page.NextCursor)
	}
}

func mustParse(t *testing.T, query string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestListUnits(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		viewer := a.Actor(t, access.Viewer)
		company, other := a.Company(t, viewer.User.TenantID), a.Company(t, viewer.User.TenantID)
		home := a.Branch(t, company, func(b *db.Branch) { b.Code, b.Name = "HOME", "home" })
		top := a.Department(t, company, func(d *db.Department) { d.Code, d.Name = "TOP", "top" })
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		norway := "NO"
		for i, name := range []string{"beta", "Alpha", "alpha", "Gamma"} {
			code, at := fmt.Sprintf("U%d", i), start.Add(time.Duration(i/2)*time.Second)
			a.Branch(t, company, func(b *db.Branch) {
				b.Code, b.Name, b.CreatedAt, b.IsActive, b.IsHeadquarters = code, name, at, i > 0, i == 2
				if i == 3 {
					b.CompanyID, b.Country = other.ID, &norway
				}
			})
			a.Department(t, company, func(d *db.Department) {
				d.Code, d.Name, d.CreatedAt, d.IsActive = code, name, at, i > 0
				switch i {
				case 1:
					d.BranchID = &home.ID
				case 2:
					d.ParentID = &top.ID
				case 3:
					d.CompanyID = other.ID
				}
			})
		}
		for kind, last := range map[string]string{"branch": "HOME", "department": "TOP"} {
			path := units[kind].path
			byTime, byName := "U0 U1 U2 U3 "+last, "U1 U2 U0 U3 "+last
			if kind == "branch" {
				byName = "U1 U2 U0 U3 HOME"
			}
			reversed := func(s string) string {
				parts := strings.Fields(s)
				slices.Reverse(parts)
				return strings.Join(parts, " ")
			}
			t.Run("200 in each order, whatever the page size: "+kind, func(t *testing.T) {
				for sort, want := range map[string]string{"created_at": byTime, "-created_at": reversed(byTime), "name": byName, "-name": reversed(byName)} {
					for _, limit := range []string{"1", "2", "5", "100"} {
						if got := unitCodes(t, viewer, path, url.Values{"sort": {sort}, "limit": {limit}}); got != want {
							t.Errorf("sort %s, limit %s: %s, want %s", sort, limit, got, want)
						}
					}
				}
			})
			t.Run("200 with filters: "+kind, func(t *testing.T) {
				filters := map[string]string{
					"code=u1": "U1", "code=U": "", "company_id=" + other.ID.String(): "U3", "is_active=false": "U0", "q=ALPHA": "U1 U2", "q=%25": "",
					"company_id=" + company.ID.String() + "&q=a&is_active=true": "U1 U2",
				}
				if kind == "branch" {
					filters["country=NO"], filters["is_headquarters=true"], filters["is_headquarters=false"] = "U3", "U2", "U0 U1 U3 HOME"
				} else {
					filters["branch_id="+home.ID.String()], filters["parent_id="+top.ID.String()] = "U1", "U2"
				}
				for query, want := range filters {
					values := mustParse(t, query)
					if got := unitCodes(t, viewer, path, values); got != want {
						t.Errorf("%s: %q, want %q", query, got, want)
					}
					values.Set("count", "true")
					page := apitest.Decode[unitPage](t, viewer.Do(t, http.MethodGet, path+"?"+values.Encode(), "").Want(t, 200))
					if page.Total == nil || int(*page.Total) != len(strings.Fields(want)) {
						t.Errorf("%s: total %v, want %d", query, page.Total, len(strings.Fields(want)))
					}
				}
			})
			t.Run("422 for a cursor of another list: "+kind, func(t *testing.T) {
				page := apitest.Decode[unitPage](t, viewer.Do(t, http.MethodGet, path+"?limit=1", "").Want(t, 200))
				for _, list := range []string{companiesPath + "?", path + "?sort=name&", path + "?company_id=" + company.ID.String() + "&"} {
					viewer.Do(t, http.MethodGet, list+"cursor="+*page.NextCursor, "").WantCode(t, 422, "invalid_cursor")
				}
				if link := viewer.Do(t, http.MethodGet, path+"?limit=1", "").Header.Get("Link"); !strings.HasPrefix(link, "<"+path+"?cursor=") {
					t.Errorf("Link %s", link)
				}
			})
			t.Run("200 with an empty list: "+kind, func(t *testing.T) {
				reply := a.Actor(t, access.Viewer).Do(t, http.MethodGet, path, "").Want(t, 200)
				var body map[string]json.RawMessage
				if err := json.Unmarshal(reply.Body, &body); err != nil || string(body["items"]) != "[]" {
					t.Errorf("%s", reply.Body)
				}
			})
		}
	})
}

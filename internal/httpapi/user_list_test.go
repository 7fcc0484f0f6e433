package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// userNames reads all pages of a list and returns the local parts of the users' e-mail addresses.
func userNames(t *testing.T, by *apitest.Actor, query url.Values) string {
	t.Helper()
	query = mustParse(t, query.Encode())
	var all []string
	for {
		page := apitest.Decode[api.UserPage](t, by.Do(t, http.MethodGet, usersPath+"?"+query.Encode(), "").Want(t, 200))
		for _, u := range page.Items {
			name, _, _ := strings.Cut(u.Email, "@")
			all = append(all, name)
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

func TestListUsers(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		viewer := a.Login(t, a.User(t, a.Tenant(t).ID, access.Viewer, func(u *db.User) {
			u.Email, u.FullName, u.CreatedAt = "me@example.com", "zoë", start.Add(time.Hour)
		}))
		for i, name := range []string{"beta", "Alpha", "alpha", "Gamma 100%"} {
			a.User(t, viewer.User.TenantID, access.User, func(u *db.User) {
				u.Email, u.FullName, u.CreatedAt = fmt.Sprintf("u%d@example.com", i), name, start.Add(time.Duration(i/2)*time.Second)
				if i == 0 {
					u.Phone = new("+47 22 33")
				}
			})
		}
		t.Run("200 with filters", func(t *testing.T) {
			for query, want := range map[string]string{
				"email=U1%40Example.com": "u1", "q=U2%40": "u2", "q=22+33": "u0", "q=%25": "u3", "q=_": "", "q=ZO%C3%8B": "me",
			} {
				values := mustParse(t, query)
				if got := userNames(t, viewer, values); got != want {
					t.Errorf("%s: %q, want %q", query, got, want)
				}
				values.Set("count", "true")
				page := apitest.Decode[api.UserPage](t, viewer.Do(t, http.MethodGet, usersPath+"?"+values.Encode(), "").Want(t, 200))
				if page.Total == nil || int(*page.Total) != len(strings.Fields(want)) {
					t.Errorf("%s: total %v, want %d", query, page.Total, len(strings.Fields(want)))
				}
			}
		})
		t.Run("200 with no password in it", func(t *testing.T) {
			if reply := viewer.Do(t, http.MethodGet, usersPath, "").Want(t, 200); strings.Contains(string(reply.Body), "password") || strings.Contains(string(reply.Body), "$2") {
				t.Errorf("%s", reply.Body)
			}
		})
		t.Run("200 with a link to the next page", func(t *testing.T) {
			if link := viewer.Do(t, http.MethodGet, usersPath+"?limit=1", "").Header.Get("Link"); !strings.HasPrefix(link, "<"+usersPath+"?cursor=") {
				t.Errorf("Link %s", link)
			}
		})
		t.Run("422 for a cursor of another list, or an unknown role", func(t *testing.T) {
			page := apitest.Decode[api.UserPage](t, viewer.Do(t, http.MethodGet, usersPath+"?limit=1", "").Want(t, 200))
			for _, list := range []string{companiesPath + "?", usersPath + "?sort=name&", usersPath + "?role=user&"} {
				viewer.Do(t, http.MethodGet, list+"cursor="+*page.NextCursor, "").WantCode(t, 422, "invalid_cursor")
			}
			viewer.Do(t, http.MethodGet, usersPath+"?role=root", "").WantField(t, "role", "not_allowed")
		})
		t.Run("200 with an empty list", func(t *testing.T) {
			reply := viewer.Do(t, http.MethodGet, usersPath+"?q=nobody", "").Want(t, 200)
			var body map[string]json.RawMessage
			if err := json.Unmarshal(reply.Body, &body); err != nil || string(body["items"]) != "[]" {
				t.Errorf("%s", reply.Body)
			}
		})
	})
}

package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// HTTP and JSON allow these additions, which have no meaning (RFC 8259, section 8.1; RFC 9110,
// sections 8.4 and 12.5.1).
func TestMeaninglessAdditionsAreAccepted(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, "sqlite")
	user := a.User(t, a.Tenant(t).ID, access.User)
	body := loginBody(user.Email, apitest.Password)
	for name, send := range map[string]func() apitest.Reply{
		"a byte order mark": func() apitest.Reply { return a.Do(t, http.MethodPost, loginPath, "\ufeff"+body) },
		"no coding": func() apitest.Reply {
			return a.Do(t, http.MethodPost, loginPath, body, apitest.Header("Content-Encoding", "Identity"))
		},
		"an empty coding": func() apitest.Reply {
			return a.Do(t, http.MethodPost, loginPath, body, apitest.Header("Content-Encoding", ""))
		},
		"an empty Accept": func() apitest.Reply { return a.Do(t, http.MethodPost, loginPath, body, apitest.Header("Accept", "")) },
	} {
		if reply := send(); reply.Status != http.StatusOK {
			t.Errorf("%s: %d %s", name, reply.Status, reply.Body)
		}
	}
	a.Do(t, http.MethodPost, loginPath, body, apitest.Header("Content-Encoding", "identity, gzip")).WantCode(t, 415, "unsupported_media_type")
	a.Do(t, http.MethodPost, loginPath, "\ufeff").WantCode(t, 400, "malformed_json")
	a.Do(t, http.MethodPost, loginPath, "\ufeff\ufeff"+body).WantCode(t, 400, "malformed_json")
}

func TestAnAsteriskBesideTagsIsRefusedAsOneAlone(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, "sqlite")
	admin := a.Actor(t, access.Admin)
	for value, want := range map[string]int{`*`: 422, `"a", *`: 422, `*, "a"`: 422, `"a*b"`: 200, `"a", W/"*"`: 200, `"a,*,b"`: 200} {
		if reply := admin.Do(t, http.MethodGet, companiesPath, "", apitest.Header("If-None-Match", value)); reply.Status != want {
			t.Errorf("If-None-Match: %s is %d, want %d", value, reply.Status, want)
		}
	}
}

package httpapi_test

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

// guess tries a password and returns the reply without what differs from request to request.
func guess(t *testing.T, a *apitest.App, email, password string) (apitest.Reply, api.Problem) {
	t.Helper()
	reply := a.Do(t, http.MethodPost, loginPath, loginBody(email, password))
	p := apitest.Decode[api.Problem](t, reply)
	p.RequestID = ""
	return reply, p
}

func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		tenant := a.Tenant(t)
		user, colleague := a.User(t, tenant.ID, access.User), a.User(t, tenant.ID, access.User)
		const nobody = "nobody@example.com"
		for _, email := range []string{user.Email, nobody} {
			for range 6 {
				a.Do(t, http.MethodPost, loginPath, loginBody(email, "wrong")).WantCode(t, 401, "invalid_credentials")
			}
		}
		t.Run("429 tells neither the account nor the password", func(t *testing.T) {
			_, want := guess(t, a, nobody, "wrong")
			if want.Status != 429 || want.Code != "too_many_attempts" {
				t.Fatalf("%+v", want)
			}
			for _, password := range []string{"wrong", apitest.Password} {
				reply, got := guess(t, a, " "+user.Email, password)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: an account that exists is told from one that doesn't: %s", password, diff)
				}
				if after := reply.Header.Get("Retry-After"); after != "1" {
					t.Errorf("Retry-After %q, want 1", after)
				}
			}
		})
		t.Run("429 isn't in the trail, each try before it is", func(t *testing.T) {
			if entries := a.AuditEntries(t, tenant.ID, "auth.login"); len(entries) != 6 {
				t.Errorf("%d entries, want 6", len(entries))
			}
			if entries := a.AuditEntries(t, access.PlatformTenantID, "auth.login"); len(entries) != 6 {
				t.Errorf("%d entries of nobody, want 6", len(entries))
			}
		})
		t.Run("200 for others at the same address", func(t *testing.T) {
			a.Login(t, colleague)
		})
		t.Run("429 by another instance and after a restart", func(t *testing.T) {
			second := apitest.Start(t, a.Engine, a.Config)
			second.Clock.Advance(-time.Minute) // whatever happened since, the delay isn't over
			second.Do(t, http.MethodPost, loginPath, loginBody(user.Email, apitest.Password)).WantCode(t, 429, "too_many_attempts")
		})
		t.Run("200 after the delay, which starts again from nothing", func(t *testing.T) {
			a.Clock.Advance(time.Second)
			a.Login(t, user)
			for range 5 {
				a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, "wrong")).WantCode(t, 401, "invalid_credentials")
			}
			a.Login(t, user)
		})
		t.Run("the delay doubles, and Retry-After says how long it is", func(t *testing.T) {
			for _, want := range []int{2, 4, 8} {
				reply, _ := guess(t, a, nobody, "wrong")
				reply.WantCode(t, 401, "invalid_credentials")
				reply, _ = guess(t, a, nobody, "wrong")
				reply.WantCode(t, 429, "too_many_attempts")
				if after := reply.Header.Get("Retry-After"); after != strconv.Itoa(want) {
					t.Errorf("Retry-After %q, want %d", after, want)
				}
				a.Clock.Advance(time.Duration(want) * time.Second)
			}
		})
		t.Run("429 for everyone at an address with too many failures, never for long", func(t *testing.T) {
			for i := range 30 {
				a.Do(t, http.MethodPost, loginPath, loginBody("user"+strconv.Itoa(i)+"@example.org", "wrong"))
				a.Clock.Advance(time.Minute)
			}
			a.Do(t, http.MethodPost, loginPath, loginBody("user@example.org", "wrong")).WantCode(t, 401, "invalid_credentials")
			reply, _ := guess(t, a, colleague.Email, apitest.Password)
			reply.WantCode(t, 429, "too_many_attempts")
			if after, err := strconv.Atoi(reply.Header.Get("Retry-After")); err != nil || after > 60 {
				t.Errorf("Retry-After %d, want at most 60", after)
			}
			a.Clock.Advance(time.Minute)
			a.Login(t, colleague)
		})
	})
}

// Of many guesses at the same moment one is answered, as if they came one after the other.
func TestGuessingAtTheSameMoment(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		user := a.User(t, a.Tenant(t).ID, access.User)
		second := apitest.Start(t, a.Engine, a.Config)
		for range 11 {
			a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, "wrong")).WantCode(t, 401, "invalid_credentials")
			a.Clock.Advance(32 * time.Second)
			second.Clock.Advance(32 * time.Second)
		}
		statuses := make([]int, 24)
		var wait sync.WaitGroup
		for i := range statuses {
			wait.Go(func() {
				instance := []*apitest.App{a, second}[i%2]
				statuses[i] = instance.Do(t, http.MethodPost, loginPath, loginBody(user.Email, "wrong")).Status
			})
		}
		wait.Wait()
		count := map[int]int{}
		for _, status := range statuses {
			count[status]++
		}
		// 503 is for those that found too many others waiting for bcrypt.
		if count[401] != 1 || count[429]+count[503] != len(statuses)-1 {
			t.Errorf("statuses %v, want one 401", count)
		}
	})
}

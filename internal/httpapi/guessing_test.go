package httpapi_test

import (
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
)

var seconds = regexp.MustCompile(`[0-9]+`)

// guess tries a password and returns the reply without the parts that differ between equal
// requests.
func guess(t *testing.T, a *apitest.App, email, password string) (apitest.Reply, api.Problem) {
	t.Helper()
	reply := a.Do(t, http.MethodPost, loginPath, loginBody(email, password))
	p := apitest.Decode[api.Problem](t, reply)
	p.RequestID, p.Detail = "", seconds.ReplaceAllString(p.Detail, "some")
	return reply, p
}

func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		tenant := a.Tenant(t)
		user, colleague := a.User(t, tenant.ID, access.User), a.User(t, tenant.ID, access.User)
		const nobody = "nobody@example.com"
		for range 10 {
			a.Clock.Advance(time.Minute)
			for _, email := range []string{user.Email, nobody} {
				a.Do(t, http.MethodPost, loginPath, loginBody(email, "wrong")).WantCode(t, 401, "invalid_credentials")
			}
		}
		// The delay is 16 s now. The clock also runs by itself, so it is set back: the delay must
		// outlast the following steps.
		a.Clock.Advance(-time.Minute)
		t.Run("429 reveals neither the account nor the password", func(t *testing.T) {
			_, want := guess(t, a, nobody, "wrong")
			if want.Status != 429 || want.Code != "too_many_attempts" {
				t.Fatalf("%+v", want)
			}
			for _, password := range []string{"wrong", apitest.Password} {
				reply, got := guess(t, a, " "+user.Email, password)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: the reply reveals whether the account exists: %s", password, diff)
				}
				if after, err := strconv.Atoi(reply.Header.Get("Retry-After")); err != nil || after < 1 || after > 76 {
					t.Errorf("Retry-After %d, want at most 76", after)
				}
			}
		})
		t.Run("429 isn't audited, each attempt before it is", func(t *testing.T) {
			if entries := a.AuditEntries(t, tenant.ID, "auth.login"); len(entries) != 10 {
				t.Errorf("%d entries, want 10", len(entries))
			}
			if entries := a.AuditEntries(t, access.PlatformTenantID, "auth.login"); len(entries) != 10 {
				t.Errorf("%d entries of the unknown account, want 10", len(entries))
			}
		})
		t.Run("429 by another instance and after a restart", func(t *testing.T) {
			second := apitest.Start(t, a.Engine, a.Config)
			second.Clock.Advance(9 * time.Minute)
			second.Do(t, http.MethodPost, loginPath, loginBody(user.Email, apitest.Password)).WantCode(t, 429, "too_many_attempts")
		})
		t.Run("200 after the delay, which then starts at zero again", func(t *testing.T) {
			a.Clock.Advance(2 * time.Minute)
			a.Login(t, user)
			for range 5 {
				a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, "wrong")).WantCode(t, 401, "invalid_credentials")
				a.Clock.Advance(time.Minute) // for the delay of the address
			}
			a.Login(t, user)
		})
		t.Run("200 for others at the same address, after at most a minute", func(t *testing.T) {
			for i := range 110 {
				a.Do(t, http.MethodPost, loginPath, loginBody(strconv.Itoa(i)+"@example.org", "wrong")).WantCode(t, 401, "invalid_credentials")
				a.Clock.Advance(time.Minute)
			}
			a.Do(t, http.MethodPost, loginPath, loginBody(nobody, "wrong")).WantCode(t, 401, "invalid_credentials")
			reply, _ := guess(t, a, colleague.Email, apitest.Password)
			reply.WantCode(t, 429, "too_many_attempts")
			if after, err := strconv.Atoi(reply.Header.Get("Retry-After")); err != nil || after < 1 || after > 60 {
				t.Errorf("Retry-After %d, want at most 60", after)
			}
			a.Clock.Advance(time.Minute)
			a.Login(t, colleague)
		})
	})
}

// Of many simultaneous guesses only one is evaluated.
func TestGuessingAtTheSameMoment(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		user := a.User(t, a.Tenant(t).ID, access.User)
		second := apitest.Start(t, a.Engine, a.Config)
		for range 12 {
			a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, "wrong")).WantCode(t, 401, "invalid_credentials")
			a.Clock.Advance(64 * time.Second)
			second.Clock.Advance(64 * time.Second)
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
		// 503 is the reply when too many requests wait for bcrypt.
		if count[401] != 1 || count[429]+count[503] != len(statuses)-1 {
			t.Errorf("statuses %v, want one 401", count)
		}
	})
}

package httpapi_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// device is a client with the refresh token of a session.
type device struct {
	app            *apitest.App
	agent, address string
	token          string
	tenantID       uuid.UUID
}

// newDevice logs a new user in.
func newDevice(t *testing.T, a *apitest.App, agent, address string) *device {
	t.Helper()
	d := &device{app: a, agent: agent, address: address, tenantID: a.Tenant(t).ID}
	user := a.User(t, d.tenantID, access.User)
	reply := a.Do(t, http.MethodPost, loginPath, loginBody(user.Email, apitest.Password), d.headers()...).Want(t, 200)
	d.token = apitest.Decode[api.LoginResult](t, reply).RefreshToken
	return d
}

func (d *device) headers() []apitest.Option {
	return []apitest.Option{apitest.Header("User-Agent", d.agent), from(d.address)}
}

// send refreshes with a token and discards the new one.
func (d *device) send(t *testing.T, token string) apitest.Reply {
	t.Helper()
	return d.app.Do(t, http.MethodPost, refreshPath, refreshBody(token), d.headers()...)
}

// refresh refreshes and keeps the new token. It returns the old token.
func (d *device) refresh(t *testing.T) (old string) {
	t.Helper()
	old = d.token
	d.token = apitest.Decode[api.TokenPair](t, d.send(t, old).Want(t, 200)).RefreshToken
	return old
}

const (
	browser = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
	office  = "198.51.100.7"
)

func TestLostRefreshes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		a := apitest.New(t, engine, behindProxy)
		t.Run("the same client gets the same successor while an access token lives, with an entry", func(t *testing.T) {
			d := newDevice(t, a, browser, office)
			old := d.refresh(t)
			for range 2 {
				a.Clock.Advance(14 * time.Minute)
				if pair := apitest.Decode[api.TokenPair](t, d.send(t, old).Want(t, 200)); pair.RefreshToken != d.token {
					t.Error("a different successor")
				}
			}
			entries := a.AuditEntries(t, d.tenantID, "auth.refresh_reuse")
			if len(entries) != 2 || entries[0].Outcome != "success" || entries[1].Changes["repeats_in_a_row"].After != 1.0 {
				t.Errorf("audit: %+v, want two successes", entries)
			}
			d.refresh(t)
		})
		t.Run("not after an access token has expired", func(t *testing.T) {
			d := newDevice(t, a, browser, office)
			old := d.refresh(t)
			a.Clock.Advance(31 * time.Minute)
			d.send(t, old).WantCode(t, 401, "refresh_reused")
			d.send(t, d.token).WantCode(t, 401, "session_ended")
		})
		t.Run("not once the successor was used", func(t *testing.T) {
			d := newDevice(t, a, browser, office)
			old := d.refresh(t)
			d.refresh(t)
			d.send(t, old).WantCode(t, 401, "refresh_reused")
		})
		for name, other := range map[string]struct {
			from, to    device
			sameNetwork bool
		}{
			"another user agent":              {from: device{agent: browser, address: office}, to: device{agent: "curl/8.10.1", address: office}},
			"another address":                 {from: device{agent: browser, address: office}, to: device{agent: browser, address: "198.51.100.8"}},
			"another network of IPv6":         {from: device{agent: browser, address: "2001:db8:1::1"}, to: device{agent: browser, address: "2001:db8:2::1"}},
			"another address in the same /56": {from: device{agent: browser, address: "2001:db8::1"}, to: device{agent: browser, address: "2001:db8:0:1::2"}, sameNetwork: true},
			"the same address mapped to IPv6": {from: device{agent: browser, address: office}, to: device{agent: browser, address: "::ffff:" + office}, sameNetwork: true},
		} {
			t.Run("from "+name, func(t *testing.T) {
				d := newDevice(t, a, other.from.agent, other.from.address)
				old := d.refresh(t)
				d.agent, d.address = other.to.agent, other.to.address
				a.Clock.Advance(9 * time.Second)
				d.send(t, old).Want(t, 200) // every client gets it again for 10 seconds
				a.Clock.Advance(2 * time.Second)
				if other.sameNetwork {
					d.send(t, old).Want(t, 200)
					return
				}
				d.send(t, old).WantCode(t, 401, "refresh_reused")
				d.send(t, d.token).WantCode(t, 401, "session_ended")
			})
		}
		t.Run("the client of the last refresh counts, not that of the log-in", func(t *testing.T) {
			d := newDevice(t, a, browser, office)
			d.agent, d.address = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0", "203.0.113.5"
			old := d.refresh(t)
			a.Clock.Advance(time.Minute)
			d.send(t, old).Want(t, 200)
			d.agent, d.address = browser, office
			d.send(t, old).WantCode(t, 401, "refresh_reused")
		})
		t.Run("many at once get the same successor", func(t *testing.T) {
			d := newDevice(t, a, browser, office)
			old := d.refresh(t)
			a.Clock.Advance(time.Minute)
			var wait sync.WaitGroup
			for range 4 {
				wait.Go(func() {
					reply := d.send(t, old)
					if reply.Status != 200 || apitest.Decode[api.TokenPair](t, reply).RefreshToken != d.token {
						t.Errorf("status %d, or a different successor", reply.Status)
					}
				})
			}
			wait.Wait()
			d.refresh(t)
		})
	})
}

// A thief with a stolen refresh token and the owner's network and user agent gets the owner's
// tokens as a repeated answer. The session ends after three repetitions in a row, whoever sends the
// token first.
func TestStolenRefreshTokenIsRepeatedThreeTimesAtMost(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, store.SQLite, behindProxy)
	t.Run("the session ends at the fourth token in a row that is sent again", func(t *testing.T) {
		owner := newDevice(t, a, browser, office)
		for range 3 {
			stolen := owner.refresh(t)
			a.Clock.Advance(15 * time.Minute)
			owner.send(t, stolen).Want(t, 200)
			owner.send(t, stolen).Want(t, 200) // the same answer may be lost more than once
		}
		stolen := owner.refresh(t)
		a.Clock.Advance(15 * time.Minute)
		owner.send(t, stolen).WantCode(t, 401, "refresh_reused")
	})
	t.Run("the owner's repetition ends the session, if the thief refreshes from elsewhere", func(t *testing.T) {
		owner := newDevice(t, a, browser, office)
		thief := &device{app: a, agent: "curl/8.10.1", address: "203.0.113.5", token: owner.token}
		stolen := thief.refresh(t)
		a.Clock.Advance(time.Minute)
		owner.send(t, stolen).WantCode(t, 401, "refresh_reused")
		thief.send(t, thief.token).WantCode(t, 401, "session_ended")
	})
	t.Run("a token that is used only once resets the count", func(t *testing.T) {
		d := newDevice(t, a, browser, office)
		for range 3 {
			for range 3 {
				old := d.refresh(t)
				a.Clock.Advance(15 * time.Minute)
				d.send(t, old).Want(t, 200)
			}
			d.refresh(t)
		}
	})
}

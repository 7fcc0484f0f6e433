package auth

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/invalidation"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// countingStore counts the queries for the state of a session. It calls during after the query has
// returned and before the caller has the result.
type countingStore struct {
	db.Querier

	times  atomic.Int64
	during func()
}

func (a *countingStore) GetSessionState(ctx context.Context, arg db.GetSessionStateParams) (db.GetSessionStateRow, error) {
	a.times.Add(1)
	state, err := a.Querier.GetSessionState(ctx, arg)
	if a.during != nil {
		a.during()
	}
	return state, err
}

// checker is a service with one logged-in user, a live channel and fixed clocks.
type checker struct {
	*login

	database  *countingStore
	grant     Grant
	at        time.Time // the time of the service's clock
	monotonic time.Time // the time of the session cache's clock
}

func newChecker(t *testing.T, engine store.Engine) *checker {
	t.Helper()
	c := &checker{login: newLogin(t, engine), at: noon}
	c.database = &countingStore{Querier: c.store.Querier}
	c.store.Querier = c.database
	channel := invalidation.New(newLoopback(), slog.New(slog.DiscardHandler))
	c.opts.Channel, c.sessionCache = channel, newSessionCache(channel)
	c.opts.Now = func() time.Time { return c.at }
	c.tokens.now = c.opts.Now
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { channel.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	for !channel.Live(time.Now()) {
		time.Sleep(time.Millisecond)
	}
	c.monotonic = time.Now()
	c.sessionCache.now = func() time.Time { return c.monotonic }
	var err error
	entered, err := c.Login(request(t, "auth.login"), c.user.Email, password, "")
	if c.grant = entered.Grant; err != nil {
		t.Fatal(err)
	}
	return c
}

// check authenticates, and returns the number of queries.
func (c *checker) check(t *testing.T) (access.Principal, int64, error) {
	t.Helper()
	before := c.database.times.Load()
	p, err := c.Authenticate(t.Context(), c.grant.AccessToken)
	return p, c.database.times.Load() - before, err
}

func (c *checker) want(t *testing.T, what string, code errs.Code, times int64) {
	t.Helper()
	p, n, err := c.check(t)
	if code == "" && err != nil || code != "" && !errs.Is(err, code) {
		t.Errorf("%s: error %v, want code %q", what, err, code)
	}
	if err == nil && (p.UserID != c.user.ID || p.Role != access.User) {
		t.Errorf("%s: principal %+v", what, p)
	}
	if n != times {
		t.Errorf("%s: the database was queried %d times, want %d", what, n, times)
	}
}

func TestSessionIsReadOnceASecondWhileTheChannelIsLive(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChecker(t, engine)
		c.want(t, "at first", "", 1)
		for range 100 {
			c.want(t, "after that", "", 0)
		}
		c.monotonic = c.monotonic.Add(stateAge)
		for !c.opts.Channel.Live(c.monotonic) { // heartbeats use the real clock
			time.Sleep(time.Millisecond)
		}
		c.want(t, "a second later", "", 1)
		c.want(t, "after that", "", 0)
		c.monotonic = c.monotonic.Add(time.Hour) // no heartbeat has been received this late
		for range 3 {
			c.want(t, "while the channel isn't live", "", 1)
		}
	})
}

func TestEndOfASessionIsNoticedAtOnce(t *testing.T) {
	t.Parallel()
	c := newChecker(t, store.SQLite)
	c.want(t, "at first", "", 1)
	by, _, err := c.check(t)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Logout(request(t, "auth.logout"), by, api.LogoutScopeCurrent); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.want(t, "after the end", errs.SessionEnded, 1)
	}
}

func TestCachedTokensAndSessionsExpireInTime(t *testing.T) {
	t.Parallel()
	c := newChecker(t, store.SQLite)
	c.want(t, "at first", "", 1)
	c.at = noon.Add(-clockSkew - time.Second)
	c.want(t, "before it was issued", errs.InvalidToken, 0)
	c.at = noon.Add(time.Hour - time.Microsecond)
	c.want(t, "before the end", "", 0)
	c.at = noon.Add(time.Hour)
	c.want(t, "when the session has expired, and the token is good for half a minute", errs.SessionEnded, 1)
	// Another instance has extended the session.
	c.rotate(t, noon.Add(2*time.Hour))
	c.want(t, "when the session goes on", "", 1)
	c.at = noon.Add(time.Hour + clockSkew)
	c.want(t, "when the token has expired, too", errs.TokenExpired, 0)
}

// rotate sets the session's end directly in the store.
func (c *checker) rotate(t *testing.T, end time.Time) {
	t.Helper()
	got, err := c.tokens.verify(refreshToken, c.grant.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := c.store.RotateSession(t.Context(), db.RotateSessionParams{
		RefreshID: uuid.New(), RefreshedAt: c.at, ExpiresAt: end, TenantID: got.TenantID, ID: got.SessionID, Version: 1,
	})
	if err != nil || rows != 1 {
		t.Fatalf("%d sessions were moved, error %v", rows, err)
	}
}

// The session ends, and the change is announced, after the query has returned and before its result
// is cached.
func TestChangeDuringTheQueryInvalidatesItsResult(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		c := newChecker(t, engine)
		c.database.during = func() {
			c.database.during = nil
			by := access.Principal{UserID: c.user.ID, TenantID: c.user.TenantID, HomeTenantID: c.user.TenantID}
			if err := c.Logout(request(t, "auth.logout"), by, api.LogoutScopeAll); err != nil {
				t.Error(err)
			}
		}
		c.want(t, "while the answer is on its way", "", 1)
		c.want(t, "after the end", errs.SessionEnded, 1)
	})
}

func TestOnlyValidTokensAreCached(t *testing.T) {
	t.Parallel()
	c := newChecker(t, store.SQLite)
	other := tokensAt(t, noon)
	other.keys = keysOf(t, "another secret key of at least 32 bytes", "")
	forged, err := other.sign(accessToken, someClaims())
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"", "nonsense", forged, c.grant.RefreshToken, c.grant.AccessToken + "x"} {
		for range 2 {
			if _, err := c.Authenticate(t.Context(), token); !errs.Is(err, errs.InvalidToken) {
				t.Errorf("%.20q: error %v, want an invalid token", token, err)
			}
		}
	}
	c.at = noon.Add(2 * time.Hour)
	c.want(t, "when it has expired", errs.TokenExpired, 0)
	if n := c.tokenCache.claims.Len(); n != 0 {
		t.Errorf("%d invalid tokens are cached", n)
	}
}

package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/faultproxy"
	"github.com/tenantry/tenantry/internal/redis/redistest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

const (
	// longest is how long an ended session may still be accepted, whatever fails.
	longest = time.Second
	// pollInterval is the time between two requests of a loop. Many tests run such loops at
	// once, and the instances need the processor, too.
	pollInterval = 10 * time.Millisecond
)

// pair has two instances with one database, each with its own connection to the channel.
type pair struct{ writer, reader *apitest.App }

func newPair(t *testing.T, engine store.Engine, writer, reader func(*config.Config)) pair {
	t.Helper()
	p := pair{writer: apitest.New(t, engine, writer)}
	cfg := p.writer.Config
	reader(&cfg)
	p.reader = apitest.Start(t, engine, cfg)
	p.hear(t)
	return p
}

func withRedis(url string) func(*config.Config) {
	return func(c *config.Config) { c.RedisURL = config.NewSecret(url) }
}

func unchanged(*config.Config) {}

// hear waits until both instances receive messages, so that they cache sessions.
func (p pair) hear(t *testing.T) {
	t.Helper()
	for _, a := range []*apitest.App{p.writer, p.reader} {
		redistest.Until(t, "instances hear each other", func() bool { return a.Sessions.Checks().Live })
	}
}

func on(t *testing.T, a *apitest.App, who *apitest.Actor) apitest.Reply {
	t.Helper()
	return a.Do(t, http.MethodGet, mePath, "", apitest.Header("Authorization", "Bearer "+who.AccessToken))
}

// known returns a user whose session both instances have in their caches, if they cache any.
func (p pair) known(t *testing.T) *apitest.Actor {
	t.Helper()
	person := p.writer.Actor(t, access.User)
	for _, a := range []*apitest.App{p.writer, p.reader} {
		for range 2 {
			on(t, a, person).Want(t, 200)
		}
	}
	return person
}

// logout ends a session on the writer, which refuses it at once.
func (p pair) logout(t *testing.T, person *apitest.Actor) {
	t.Helper()
	person.Do(t, http.MethodPost, "/api/v1/auth/logout", `{}`).Want(t, 204)
	on(t, p.writer, person).WantCode(t, 401, "session_ended")
}

// mustEnd sends requests for longer than an ended session may be accepted. It fails the test if one
// is accepted that began later.
func mustEnd(t *testing.T, a *apitest.App, person *apitest.Actor, since time.Time) {
	t.Helper()
	for {
		begun := time.Now()
		reply := on(t, a, person)
		late := begun.Sub(since) > longest
		if reply.Status == http.StatusOK && late {
			t.Fatalf("a request was accepted that began %s after the end of its session", begun.Sub(since))
		}
		if reply.Status != http.StatusOK {
			reply.WantCode(t, 401, "session_ended")
		}
		if late {
			return
		}
		time.Sleep(pollInterval)
	}
}

// end ends sessions on the writer and checks for each that the reader refuses it in time.
func (p pair) end(t *testing.T, before func()) {
	t.Helper()
	for range 2 {
		person := p.known(t)
		before()
		p.logout(t, person)
		mustEnd(t, p.reader, person, time.Now())
	}
}

// TestSessionsEndWithinASecondWhateverHappensToRedis breaks the network right before a session
// ends: for the instance that ends it, for the one that has to be notified, or for both.
func TestSessionsEndWithinASecondWhateverHappensToRedis(t *testing.T) {
	t.Parallel()
	url := storetest.RedisURL(t)
	for name, begin := range faults {
		for _, whose := range []string{"writer", "reader", "both"} {
			t.Run(name+", "+whose, func(t *testing.T) {
				t.Parallel()
				ofWriter, forWriter := faultproxy.For(t, url)
				ofReader, forReader := faultproxy.For(t, url)
				p := newPair(t, store.SQLite, withRedis(forWriter), withRedis(forReader))
				p.end(t, func() {
					if whose != "reader" {
						begin(ofWriter)
					}
					if whose != "writer" {
						begin(ofReader)
					}
				})
				for _, proxy := range []*faultproxy.Proxy{ofWriter, ofReader} {
					proxy.Fail(faultproxy.None)
					proxy.Delay(0)
				}
				p.hear(t)
				p.end(t, func() {})
			})
		}
	}
}

func TestSessionsEndWithinASecondOnMySQL(t *testing.T) {
	t.Parallel()
	url := storetest.RedisURL(t)
	proxy, through := faultproxy.For(t, url)
	p := newPair(t, store.MySQL, withRedis(url), withRedis(through))
	p.end(t, func() {})
	p.end(t, func() { proxy.Fail(faultproxy.HalfOpen) })
}

// Messages published without a listener are lost, and nothing reports that.
func TestSessionsEndWithinASecondWhenRedisRestarts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	p := newPair(t, store.SQLite, withRedis("redis://"+server.Addr), unchanged)
	p.end(t, func() { server.DropSubscribers(t) })
	p.end(t, func() { server.Restart(t) })
	p.hear(t)
}

// dropListeners ends the connections on which the instances listen, like an operator or a failover.
func dropListeners(t *testing.T, a *apitest.App) int {
	t.Helper()
	var dropped int
	err := a.Database(t).QueryRowContext(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND query LIKE 'LISTEN %'`).Scan(&dropped)
	if err != nil {
		t.Fatal(err)
	}
	return dropped
}

func TestSessionsEndWithinASecondWhateverHappensToPostgres(t *testing.T) {
	t.Parallel()
	t.Run("listeners are dropped", func(t *testing.T) {
		t.Parallel()
		p := newPair(t, store.Postgres, unchanged, unchanged)
		p.end(t, func() {
			p.hear(t)
			if n := dropListeners(t, p.writer); n != 2 {
				t.Errorf("%d listeners were dropped, want 2", n)
			}
		})
		p.hear(t)
	})
	for name, fail := range map[string]func(p *faultproxy.Proxy){
		"connections are cut":                func(p *faultproxy.Proxy) { p.Cut() },
		"answers take long":                  func(p *faultproxy.Proxy) { p.Delay(100 * time.Millisecond) },
		"the reader is cut off for a moment": func(p *faultproxy.Proxy) { p.Fail(faultproxy.Refused); p.Fail(faultproxy.None) },
		"the reader's connections are silent": func(p *faultproxy.Proxy) {
			p.Fail(faultproxy.HalfOpen)
			time.AfterFunc(2*longest, func() { p.Fail(faultproxy.None) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			databaseURL := storetest.NewMigratedURL(t, store.Postgres)
			proxy, through := faultproxy.For(t, databaseURL)
			p := newPair(t, store.Postgres,
				func(c *config.Config) { c.DatabaseURL = config.NewSecret(databaseURL) },
				func(c *config.Config) { c.DatabaseURL = config.NewSecret(through) })
			person := p.known(t)
			fail(proxy)
			p.logout(t, person)
			since := time.Now()
			for {
				begun := time.Now()
				reply := on(t, p.reader, person)
				if late := begun.Sub(since) > longest; late && reply.Status == http.StatusOK {
					t.Fatalf("a request was accepted that began %s after the end of its session", begun.Sub(since))
				} else if late && reply.Status == http.StatusUnauthorized {
					break // 503 is allowed until then
				}
				time.Sleep(pollInterval)
			}
		})
	}
}

// A process may crash between the commit and the message, or a row may be changed directly in the
// database.
func TestSessionsEndWithinASecondWithoutAMessage(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]pair{
		"PostgreSQL":        newPair(t, store.Postgres, unchanged, unchanged),
		"SQLite with Redis": newPair(t, store.SQLite, withRedis(storetest.RedisURL(t)), unchanged),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			person := p.known(t)
			_, err := p.writer.Database(t).ExecContext(t.Context(), "UPDATE sessions SET ended_at = created_at WHERE user_id = '"+person.User.ID.String()+"'")
			if err != nil {
				t.Fatal(err)
			}
			since := time.Now()
			for _, a := range []*apitest.App{p.writer, p.reader} {
				mustEnd(t, a, person, since)
			}
		})
	}
}

// TestSessionChecksCostNoQueryWhileTheChannelIsLive counts the queries with real channels.
func TestSessionChecksCostNoQueryWhileTheChannelIsLive(t *testing.T) {
	t.Parallel()
	const requests = 200
	for name, a := range map[string]*apitest.App{
		"PostgreSQL":       apitest.New(t, store.Postgres),
		"MySQL with Redis": apitest.New(t, store.MySQL, withRedis(storetest.RedisURL(t))),
		"MySQL alone":      apitest.New(t, store.MySQL),
		"SQLite":           apitest.New(t, store.SQLite),
	} {
		t.Run(name, func(t *testing.T) {
			person := a.Actor(t, access.User)
			hears := !strings.HasSuffix(name, "alone") && name != "SQLite"
			if hears {
				redistest.Until(t, "the channel is live", func() bool { return a.Sessions.Checks().Live })
			}
			before, began := a.Sessions.Checks(), time.Now()
			for range requests {
				on(t, a, person).Want(t, 200)
			}
			after := a.Sessions.Checks()
			remembered, asked := after.Remembered-before.Remembered, after.Asked-before.Asked
			// One query a second, and some more if a busy machine lost the channel for a moment.
			seconds := uint64(time.Since(began)/time.Second) + 1
			if hears && asked > 3*seconds || !hears && (asked != requests || remembered != 0) || remembered+asked != requests {
				t.Errorf("%d requests within %d s: %d remembered, %d asked", requests, seconds, remembered, asked)
			}
		})
	}
}

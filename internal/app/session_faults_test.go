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
	// longest is how long a session may be believed to go on after its end, whatever fails.
	longest = time.Second
	// between two requests of those who ask again and again: many tests do at once, and the
	// instances need the processor, too.
	between = 10 * time.Millisecond
)

// pair is two instances on one database, each with a way of its own to the channel.
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

// hear waits until both remember sessions.
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

// known is someone whose session both instances remember, if they remember any.
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

// logout ends a person's session on the writer, which refuses them from then on.
func (p pair) logout(t *testing.T, person *apitest.Actor) {
	t.Helper()
	person.Do(t, http.MethodPost, "/api/v1/auth/logout", `{}`).Want(t, 204)
	on(t, p.writer, person).WantCode(t, 401, "session_ended")
}

// mustEnd asks for longer than a session may be believed to go on, and fails the test if one is let
// in that asked later than that.
func mustEnd(t *testing.T, a *apitest.App, person *apitest.Actor, since time.Time) {
	t.Helper()
	for {
		begun := time.Now()
		reply := on(t, a, person)
		late := begun.Sub(since) > longest
		if reply.Status == http.StatusOK && late {
			t.Fatalf("a request is let in that began %s after the end of its session", begun.Sub(since))
		}
		if reply.Status != http.StatusOK {
			reply.WantCode(t, 401, "session_ended")
		}
		if late {
			return
		}
		time.Sleep(between)
	}
}

// end ends sessions again and again, and looks for each whether it is over in time.
func (p pair) end(t *testing.T, before func()) {
	t.Helper()
	for range 2 {
		person := p.known(t)
		before()
		p.logout(t, person)
		mustEnd(t, p.reader, person, time.Now())
	}
}

// TestSessionsEndWithinASecondWhateverHappensToRedis lets the network fail right before a session
// ends, and then remain so: for the one who ends it, for the one who is to hear of it, or for both.
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

// What is published while nobody listens is lost, and nobody is told that it was.
func TestSessionsEndWithinASecondWhenRedisRestarts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	p := newPair(t, store.SQLite, withRedis("redis://"+server.Addr), unchanged)
	p.end(t, func() { server.DropSubscribers(t) })
	p.end(t, func() { server.Restart(t) })
	p.hear(t)
}

// dropListeners ends the connections on which the instances listen, as an operator or a failover
// does.
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
				t.Errorf("%d listeners were dropped, want those of two instances", n)
			}
		})
		p.hear(t)
		if !strings.Contains(p.reader.Log.String(), "instances are connected") {
			t.Error("the log doesn't say that they are connected")
		}
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
					t.Fatalf("a request is let in that began %s after the end of its session", begun.Sub(since))
				} else if late && reply.Status == http.StatusUnauthorized {
					break // meanwhile it may be 503
				}
				time.Sleep(between)
			}
		})
	}
}

// A process may die between the commit and the announcement, and someone may write past all
// processes.
func TestSessionsEndWithinASecondWithoutAnAnnouncement(t *testing.T) {
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

// TestSessionChecksCostNoQueryWhileTheChannelIsLive counts over all that two real channels do.
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
				redistest.Until(t, "it hears", func() bool { return a.Sessions.Checks().Live })
			}
			before, began := a.Sessions.Checks(), time.Now()
			for range requests {
				on(t, a, person).Want(t, 200)
			}
			after := a.Sessions.Checks()
			remembered, asked := after.Remembered-before.Remembered, after.Asked-before.Asked
			// Once a second, and when the channel was lost for a moment on a busy machine.
			seconds := uint64(time.Since(began)/time.Second) + 1
			if hears && asked > 3*seconds || !hears && (asked != requests || remembered != 0) || remembered+asked != requests {
				t.Errorf("%d requests within %d s: %d remembered, %d asked", requests, seconds, remembered, asked)
			}
		})
	}
}

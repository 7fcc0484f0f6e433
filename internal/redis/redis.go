// Package redis is a client for Redis. The program works without Redis: while it is unavailable,
// calls fail at once.
package redis

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tenantry/tenantry/internal/netfault"
)

// Prefix is the prefix of all keys and channels.
const Prefix = "tenantry:"

// silence stops the library from also printing the errors that it returns to stderr. The logger is
// global, so it is set once, before the first client.
var silence = sync.OnceFunc(func() { redis.SetLogger(silent{}) })

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// Client is a client for a single server, for servers behind Sentinel or for a cluster.
type Client struct {
	universal redis.UniversalClient
	circuit   *circuit
	calls     calls
}

// Open returns a client for a URL that CheckURL accepts. It doesn't connect, so that the program
// can start without Redis. The caller must call Close.
func Open(address string, log *slog.Logger) (*Client, error) {
	o, err := options(address)
	if err != nil {
		return nil, err
	}
	silence()
	c := &Client{universal: redis.NewUniversalClient(o), calls: newCalls()}
	c.circuit = newCircuit(log, c.touch)
	c.universal.AddHook(c.calls)
	return c, nil
}

// Commands returns the library's client, to be used in the function that is passed to Do.
func (c *Client) Commands() redis.UniversalClient { return c.universal }

// Do calls f, which calls Redis, and returns its error. While Redis is unavailable, it returns an
// error at once. If Redis doesn't answer, it returns an error after a quarter of a second, while f
// may still run.
func (c *Client) Do(ctx context.Context, f func(ctx context.Context) error) error {
	return hide(c.circuit.do(ctx, f))
}

// replyWord matches the first word of an error reply. The rest may contain sent data, such as a
// password.
var replyWord = regexp.MustCompile(`^[A-Z]+`)

// hide returns an error without any part of the URL.
func hide(err error) error {
	return netfault.Hide(err, func(err error) string {
		if reply, ok := err.(redis.Error); ok && replyWord.MatchString(reply.Error()) { //nolint:errorlint // each error of a chain in turn
			return "Redis answers " + replyWord.FindString(reply.Error())
		}
		return ""
	})
}

// IsAway reports whether the circuit is open, so that calls fail at once.
func (c *Client) IsAway() bool { return c.circuit.isAway() }

// Ping writes a key to Redis, even while the circuit is open.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.touch(ctx); err != nil {
		return fmt.Errorf("ask Redis: %w", hide(err))
	}
	return nil
}

// touch writes a key, because a read-only replica and a server without memory also answer PING.
func (c *Client) touch(ctx context.Context) error {
	return c.universal.Set(ctx, Prefix+"probe", "", time.Minute).Err()
}

// Run probes Redis while it is unavailable, until ctx ends. Without Run, the circuit never closes
// again.
func (c *Client) Run(ctx context.Context) { c.circuit.run(ctx) }

// Close closes all connections. Call it after Run has returned.
func (c *Client) Close() { _ = c.universal.Close() }

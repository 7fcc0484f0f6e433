// Package redis is the client of Redis. The program works without Redis: while Redis is away, calls fail at once.
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

// silence stops the library from printing errors to stderr that it also returns. The setting is one of the process, so it is made
// once, before the first client.
var silence = sync.OnceFunc(func() { redis.SetLogger(silent{}) })

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// Client is a client of one server, of a group of servers that Sentinel watches, or of a cluster.
type Client struct {
	universal redis.UniversalClient
	circuit   *circuit
	calls     calls
}

// Open returns a client for a URL that CheckURL accepts. It doesn't connect: the program starts without Redis, too. The caller closes
// the client.
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

// Commands are for the function that Do calls.
func (c *Client) Commands() redis.UniversalClient { return c.universal }

// Do calls f, which talks to Redis, and returns its error. While Redis is away it returns an error at once. If Redis doesn't answer,
// it returns an error after a quarter of a second; f ends by itself later.
func (c *Client) Do(ctx context.Context, f func(ctx context.Context) error) error {
	return hide(c.circuit.do(ctx, f))
}

// replyWord matches the first word of an error reply of Redis. The rest may quote what was sent, such as a password.
var replyWord = regexp.MustCompile(`^[A-Z]+`)

// hide describes an error without quoting anything of the URL.
func hide(err error) error {
	return netfault.Hide(err, func(err error) string {
		if reply, ok := err.(redis.Error); ok && replyWord.MatchString(reply.Error()) { //nolint:errorlint // each error of a chain in turn
			return "Redis answers " + replyWord.FindString(reply.Error())
		}
		return ""
	})
}

// IsAway reports whether calls fail at once.
func (c *Client) IsAway() bool { return c.circuit.isAway() }

// Ping writes to Redis, whether the circuit is open or not.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.touch(ctx); err != nil {
		return fmt.Errorf("ask Redis: %w", hide(err))
	}
	return nil
}

// touch writes a key, because a replica and a server without memory answer a PING, too.
func (c *Client) touch(ctx context.Context) error {
	return c.universal.Set(ctx, Prefix+"probe", "", time.Minute).Err()
}

// Run probes Redis while it is away, until ctx ends. Without Run, a Redis that was away once stays away.
func (c *Client) Run(ctx context.Context) { c.circuit.run(ctx) }

// Close closes all connections. Call it after Run has returned.
func (c *Client) Close() { _ = c.universal.Close() }

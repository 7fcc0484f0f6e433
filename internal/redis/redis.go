// Package redis is the way to Redis, which the program can do without: calls fail fast while it is away.
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

// Prefix is what all keys and channels of ours begin with.
const Prefix = "tenantry:"

// silence stops the library from printing to stderr what it returns as an error anyway. It is a setting of the whole
// process, so it is made once, before the first client.
var silence = sync.OnceFunc(func() { redis.SetLogger(silent{}) })

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// Client is a way to a server, to a group of servers that Sentinel watches, or to a cluster.
type Client struct {
	universal redis.UniversalClient
	circuit   *circuit
	calls     calls
}

// Open returns the way to a URL that CheckURL has found good. It doesn't connect: the program starts without Redis, too.
// The caller closes it.
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

// replyWord is what an error reply of Redis begins with. The rest may quote what was sent, as AUTH.
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

// Ping asks Redis itself for a sign of life, whatever calls get at the moment.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.touch(ctx); err != nil {
		return fmt.Errorf("ask Redis: %w", hide(err))
	}
	return nil
}

// touch writes, because a replica and a server that is full answer a PING, too.
func (c *Client) touch(ctx context.Context) error {
	return c.universal.Set(ctx, Prefix+"probe", "", time.Minute).Err()
}

// Run looks whether Redis is back when it was away, until ctx ends. Without it a Redis that was away once stays so.
func (c *Client) Run(ctx context.Context) { c.circuit.run(ctx) }

// Close ends all connections. It comes after Run.
func (c *Client) Close() { _ = c.universal.Close() }

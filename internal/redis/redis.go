// Package redis is the way to Redis, which the program can do without: calls fail fast while it is away.
package redis

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// Prefix is what all keys and channels of ours begin with.
	Prefix = "tenantry:"
	// maxWaiting is how many messages may wait to be published. More are dropped, as those that are published while Redis is
	// away.
	maxWaiting = 1024
	// subscriptionCheck is how often a subscription is tried that nothing has come from.
	subscriptionCheck = 3 * time.Second
)

// silence stops the library from printing to stderr what it returns as an error anyway. It is a setting of the whole
// process, so it is made once, before the first client.
var silence = sync.OnceFunc(func() { redis.SetLogger(silent{}) })

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// Client is a way to a server, to a group of servers that Sentinel watches, or to a cluster.
type Client struct {
	universal redis.UniversalClient
	circuit   *circuit
	outbox    chan message
	listeners map[string]func(text string)
}

type message struct{ channel, text string }

// Open returns the way to a URL that CheckURL has found good. It doesn't connect: the program starts without Redis, too.
// The caller closes it.
func Open(address string, log *slog.Logger) (*Client, error) {
	o, err := options(address)
	if err != nil {
		return nil, err
	}
	silence()
	c := &Client{universal: redis.NewUniversalClient(o), outbox: make(chan message, maxWaiting), listeners: map[string]func(string){}}
	c.circuit = newCircuit(log, c.touch)
	c.universal.AddHook(c.circuit)
	return c, nil
}

// Commands are for the function that Do calls. They fail at once while Redis is away.
func (c *Client) Commands() redis.UniversalClient { return c.universal }

// AddHook lets h see the calls that are made, without those that fail because Redis is away.
func (c *Client) AddHook(h redis.Hook) { c.universal.AddHook(h) }

// Do calls f, which talks to Redis, and returns its error. While Redis is away it returns an error at once, and soon when
// Redis goes away meanwhile or doesn't answer: then f goes on by itself for a while, and nobody hears of what comes out.
func (c *Client) Do(ctx context.Context, f func(ctx context.Context) error) error {
	return c.circuit.do(ctx, f)
}

// IsAway reports whether calls fail at once.
func (c *Client) IsAway() bool { return c.circuit.isAway() }

// Ping asks Redis itself for a sign of life, whatever calls get at the moment.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.touch(context.WithValue(ctx, probing{}, true)); err != nil {
		return fmt.Errorf("ask Redis: %w", err)
	}
	return nil
}

// touch writes, because a replica and a server that is full answer a PING, too.
func (c *Client) touch(ctx context.Context) error {
	return c.universal.Set(ctx, Prefix+"probe", "", time.Minute).Err()
}

// Publish tells all who listen to a channel, on every instance. It doesn't wait, and the text may get lost.
func (c *Client) Publish(channel, text string) {
	select {
	case c.outbox <- message{Prefix + channel, text}:
	default:
	}
}

// Listen calls f with each text that is published on a channel while Run runs. It is called before Run.
func (c *Client) Listen(channel string, f func(text string)) { c.listeners[Prefix+channel] = f }

// Run looks whether Redis is back when it was away, publishes, and listens, until ctx ends. Without it a Redis that was away
// once stays so.
func (c *Client) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { c.circuit.run(ctx) })
	running.Go(func() { c.publish(ctx) })
	if len(c.listeners) > 0 {
		running.Go(func() { c.listen(ctx) })
	}
	running.Wait()
}

func (c *Client) publish(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-c.outbox:
			_ = c.universal.Publish(ctx, m.channel, m.text).Err() // it may get lost, and the circuit knows
		}
	}
}

// listen stays subscribed: the library connects again by itself.
func (c *Client) listen(ctx context.Context) {
	subscription := c.universal.Subscribe(ctx)
	defer subscription.Close()
	for channel := range c.listeners {
		_ = subscription.Subscribe(ctx, channel) // it is tried again, too
	}
	messages := subscription.Channel(redis.WithChannelHealthCheckInterval(subscriptionCheck), redis.WithChannelSize(maxWaiting))
	for {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-messages:
			if !ok {
				return
			}
			c.listeners[m.Channel](m.Payload)
		}
	}
}

// Close ends all connections. It comes after Run.
func (c *Client) Close() { _ = c.universal.Close() }

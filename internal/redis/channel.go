package redis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// subscriptionCheck is how long a subscription may be silent before the library checks its connection.
	subscriptionCheck = 3 * time.Second
	// maxUnread is how many messages may wait to be handled.
	maxUnread = 1024
)

// Channel is a publish/subscribe channel of Redis.
type Channel struct {
	client *Client
	name   string
}

// Channel returns the channel of a name.
func (c *Client) Channel(name string) *Channel { return &Channel{c, Prefix + name} }

// Publish sends a text to all listeners, on every instance. It fails at once while Redis is away.
func (c *Channel) Publish(ctx context.Context, text string) error {
	return c.client.Do(ctx, func(ctx context.Context) error { return c.client.universal.Publish(ctx, c.name, text).Err() })
}

// Listen calls hear with each text until ctx ends. It calls ready when it has subscribed, and again after each lost connection: the
// library connects again by itself.
func (c *Channel) Listen(ctx context.Context, ready func(), hear func(text string)) error {
	subscription := c.client.universal.Subscribe(ctx, c.name)
	defer subscription.Close()
	events := subscription.ChannelWithSubscriptions(redis.WithChannelHealthCheckInterval(subscriptionCheck), redis.WithChannelSize(maxUnread))
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case event, ok := <-events:
			if !ok {
				return errors.New("the subscription has ended")
			}
			switch event := event.(type) {
			case *redis.Subscription:
				ready()
			case *redis.Message:
				hear(event.Payload)
			}
		}
	}
}

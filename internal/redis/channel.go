package redis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// subscriptionCheck is how long a subscription may be idle before the library checks its
	// connection.
	subscriptionCheck = 3 * time.Second
	// maxUnread is the maximum number of unhandled messages.
	maxUnread = 1024
)

// Channel is a publish/subscribe channel of Redis.
type Channel struct {
	client *Client
	name   string
}

// Channel returns the channel with a name.
func (c *Client) Channel(name string) *Channel { return &Channel{c, Prefix + name} }

// Publish sends a text to all listeners on all instances. It fails at once while Redis is
// unavailable.
func (c *Channel) Publish(ctx context.Context, text string) error {
	return c.client.Do(ctx, func(ctx context.Context) error { return c.client.universal.Publish(ctx, c.name, text).Err() })
}

// Listen calls receive with each text until ctx ends. It calls ready after it has subscribed, and
// again after each reconnection, which the library does.
func (c *Channel) Listen(ctx context.Context, ready func(), receive func(text string)) error {
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
				receive(event.Payload)
			}
		}
	}
}

package redis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// subscriptionCheck is how often a subscription is tried that nothing has come from.
	subscriptionCheck = 3 * time.Second
	// maxUnread is how many texts may wait to be heard.
	maxUnread = 1024
)

// Channel is what those say to each other who publish and listen under a name.
type Channel struct {
	client *Client
	name   string
}

// Channel returns the one with a name.
func (c *Client) Channel(name string) *Channel { return &Channel{c, Prefix + name} }

// Publish tells all who listen, on every instance. It fails at once while Redis is away.
func (c *Channel) Publish(ctx context.Context, text string) error {
	return c.client.Do(ctx, func(ctx context.Context) error { return c.client.universal.Publish(ctx, c.name, text).Err() })
}

// Listen calls hear with each text until ctx ends, and ready when it has begun to, again after each break: the library connects again
// by itself.
func (c *Channel) Listen(ctx context.Context, ready func(), hear func(text string)) error {
	subscription := c.client.universal.Subscribe(ctx, c.name) // it is tried again, too
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

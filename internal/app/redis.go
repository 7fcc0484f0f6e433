package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/tenantry/tenantry/internal/config"
)

// redisTimeout bounds each step of a call: what Redis is for can be done without it.
const redisTimeout = 500 * time.Millisecond

// silenceRedis stops the library from printing to stderr what it returns as an error anyway. It is a setting of the whole
// process, so it is made once, before the first client.
var silenceRedis = sync.OnceFunc(func() { redis.SetLogger(silent{}) })

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

type redisClient struct{ client *redis.Client }

// openRedis returns nil without a URL. It doesn't connect: the program starts without Redis, too.
func openRedis(url config.Secret) (*redisClient, error) {
	if !url.IsSet() {
		return nil, nil //nolint:nilnil // no Redis is a setup like any other
	}
	options, err := redis.ParseURL(url.Reveal())
	if err != nil {
		return nil, errors.New("REDIS_URL can't be read; it must be like redis://:password@host:6379/0")
	}
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = redisTimeout, redisTimeout, redisTimeout
	options.DialerRetries, options.MaxRetries = 1, -1 // one fast failure
	options.ContextTimeoutEnabled = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	silenceRedis()
	return &redisClient{redis.NewClient(options)}, nil
}

// Ping asks Redis for a sign of life.
func (r *redisClient) Ping(ctx context.Context) error {
	if err := r.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping Redis: %w", err)
	}
	return nil
}

func (r *redisClient) close() { _ = r.client.Close() }

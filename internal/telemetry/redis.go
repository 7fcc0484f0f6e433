package telemetry

import (
	"context"
	"errors"
	"net"

	"github.com/redis/go-redis/v9"
)

// RedisHook counts the calls of a Redis client, and those that failed. Attempts to connect aren't counted: the call that
// needed the connection is.
func (m *Metrics) RedisHook() redis.Hook { return redisHook{m} }

type redisHook struct{ metrics *Metrics }

// DialHook implements redis.Hook.
func (redisHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook implements redis.Hook.
func (h redisHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		h.count(err)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook. A pipeline is one call.
func (h redisHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		h.count(err)
		return err
	}
}

// count knows the replies that are part of normal work, and that a client of ours who goes away is no fault of Redis.
func (h redisHook) count(err error) {
	h.metrics.redisCalls.Inc()
	if err != nil && !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "NOSCRIPT") && !errors.Is(err, context.Canceled) {
		h.metrics.redisFailed.Inc()
	}
}

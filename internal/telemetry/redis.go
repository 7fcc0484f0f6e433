package telemetry

import (
	"context"
	"errors"
	"net"
	"slices"

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

// Replies that mean that Redis can't do what it is for. Others are part of normal work, such as that a key isn't there, or that an
// old server doesn't know what a new client tells of itself.
var refusals = []string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "NOAUTH", "WRONGPASS", "NOPERM", "OOM", "MISCONF"}

// count knows that a client of ours who goes away is no fault of Redis.
func (h redisHook) count(err error) {
	h.metrics.redisCalls.Inc()
	if failed(err) {
		h.metrics.redisFailed.Inc()
	}
}

func failed(err error) bool {
	if _, replied := errors.AsType[redis.Error](err); replied {
		return slices.ContainsFunc(refusals, func(prefix string) bool { return redis.HasErrorPrefix(err, prefix) })
	}
	return err != nil && !errors.Is(err, context.Canceled)
}

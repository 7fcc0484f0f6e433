package redis

import (
	"context"
	"errors"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// calls counts the calls of Redis, successful or not. It doesn't count attempts to connect, because
// the call that needed the connection is counted.
type calls struct{ all, failed prometheus.Counter }

func newCalls() calls {
	return calls{
		all:    prometheus.NewCounter(prometheus.CounterOpts{Name: "tenantry_redis_calls_total", Help: "Calls of Redis, failed ones included."}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{Name: "tenantry_redis_call_failures_total", Help: "Calls of Redis that failed."}),
	}
}

// Collectors returns the metrics of calls.
func (c *Client) Collectors() []prometheus.Collector {
	return []prometheus.Collector{c.calls.all, c.calls.failed}
}

// DialHook implements redis.Hook.
func (calls) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (c calls) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		c.count(err)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook. A pipeline is one call.
func (c calls) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		c.count(err)
		return err
	}
}

func (c calls) count(err error) {
	c.all.Inc()
	if failed(err) {
		c.failed.Inc()
	}
}

// refusals are the error replies that mean that Redis can't be used. Other errors are normal, such
// as a missing key or a command that an old server doesn't know.
var refusals = []string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "NOAUTH", "WRONGPASS", "NOPERM", "OOM", "MISCONF"}

// failed reports whether a call failed because of Redis. A call that was cancelled by our client
// did not.
func failed(err error) bool {
	if _, replied := errors.AsType[redis.Error](err); replied {
		return slices.ContainsFunc(refusals, func(prefix string) bool { return redis.HasErrorPrefix(err, prefix) })
	}
	return err != nil && !errors.Is(err, context.Canceled)
}

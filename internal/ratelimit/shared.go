package ratelimit

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/redis/go-redis/v9"
	"github.com/ulule/limiter/v3"
	redisstore "github.com/ulule/limiter/v3/drivers/store/redis"
)

// prefix is the prefix of the keys in Redis.
const prefix = "tenantry:limit"

// Redis gives access to Redis. Calls fail fast while it is unavailable.
type Redis interface {
	Commands() redis.UniversalClient
	// Do calls f and returns its error. If Redis doesn't answer, Do returns an error early, while f
	// may still run.
	Do(ctx context.Context, f func(ctx context.Context) error) error
	IsAway() bool
}

// shared counts in Redis.
type shared struct {
	redis Redis
	mu    sync.Mutex
	store limiter.Store // nil until Redis was available once, because its constructor calls Redis
}

// add counts one request under a key, and returns the number of requests. The key expires a period
// after its first request.
func (s *shared) add(ctx context.Context, key string) (int64, error) {
	counted := make(chan int64, 1)
	err := s.redis.Do(ctx, func(ctx context.Context) error {
		store, err := s.get()
		if err != nil {
			return err
		}
		// The library compares with a limit. Only the count is needed: the highest limit minus the
		// rest.
		state, err := store.Increment(ctx, key, 1, limiter.Rate{Period: Period, Limit: math.MaxInt64})
		if err != nil {
			return fmt.Errorf("count in Redis: %w", err)
		}
		counted <- state.Limit - state.Remaining
		return nil
	})
	if err != nil {
		return 0, err
	}
	return <-counted, nil
}

func (s *shared) get() (limiter.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store != nil {
		return s.store, nil
	}
	var err error
	if s.store, err = redisstore.NewStoreWithOptions(s.redis.Commands(), limiter.StoreOptions{Prefix: prefix}); err != nil {
		s.store = nil
		return nil, fmt.Errorf("prepare Redis: %w", err)
	}
	return s.store, nil
}

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

// prefix of the keys in Redis.
const prefix = "tenantry:limit"

// Redis is the way to Redis: calls fail fast while it is away.
type Redis interface {
	Commands() redis.UniversalClient
	// Do calls f and returns its error, or one of its own soon when Redis doesn't answer; f then goes on for a while.
	Do(ctx context.Context, f func(ctx context.Context) error) error
	IsAway() bool
}

// shared counts in Redis.
type shared struct {
	redis Redis
	mu    sync.Mutex
	store limiter.Store // nil until Redis has been there once: making one needs it
}

// add counts one more, and returns how many there are under this key now. The key is forgotten a period after the first.
func (s *shared) add(ctx context.Context, key string) (int64, error) {
	counted := make(chan int64, 1)
	err := s.redis.Do(ctx, func(ctx context.Context) error {
		store, err := s.get()
		if err != nil {
			return err
		}
		// The library knows limits, and here only the count matters: what is left of the highest possible limit.
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

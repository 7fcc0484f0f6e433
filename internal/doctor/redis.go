package doctor

import (
	"context"
	"fmt"
	"time"
)

func (p Patient) redis(ctx context.Context) []Check {
	if p.Redis == nil {
		return findings("redis", "not set up: each instance has rate limits of its own", nil)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	start := p.Now()
	if err := p.Redis.Ping(ctx); err != nil {
		return findings("redis", "", []Check{{
			Result: Warning, Detail: err.Error() + "; until it answers, each instance has rate limits of its own",
			Fix: "check REDIS_URL, and that Redis runs and lets this machine in",
		}})
	}
	well := fmt.Sprintf("answers in %s", p.Now().Sub(start).Round(10*time.Microsecond))
	// The user may not be allowed to ask; then there is no finding.
	if limit, policy, err := p.Redis.Memory(ctx); err == nil && limit > 0 && policy == "noeviction" {
		return findings("redis", "", []Check{{
			Result: Warning, Detail: fmt.Sprintf("it refuses to write when its %d MiB are full (noeviction)", limit>>20),
			Fix: "let it drop the oldest instead, maxmemory-policy allkeys-lru: nothing in it has to be kept",
		}})
	}
	return findings("redis", well, nil)
}

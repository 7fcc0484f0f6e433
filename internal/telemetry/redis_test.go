package telemetry

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
)

// said is an error that Redis replies with.
type said string

func (e said) Error() string { return string(e) }
func (said) RedisError()     {}

func TestCallsOfRedisThatFail(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		nil:                                      false,
		redis.Nil:                                false,
		said("NOSCRIPT No matching"):             false,
		said("ERR unknown subcommand 'SETINFO'"): false,
		said("READONLY You can't write"):         true,
		said("WRONGPASS invalid"):                true,
		errors.New("connection refused"):         true,
		context.DeadlineExceeded:                 true,
		context.Canceled:                         false,
		fmt.Errorf("wait for a pool: %w", context.Canceled): false,
	} {
		if got := failed(err); got != want {
			t.Errorf("%v failed: %t, want %t", err, got, want)
		}
	}
}

package redis

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestCallsOfRedisThatFail(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		nil:                              false,
		redis.Nil:                        false,
		answerOf("NOSCRIPT No matching"): false,
		answerOf("ERR unknown subcommand 'SETINFO'"):        false,
		answerOf("READONLY You can't write"):                true,
		answerOf("WRONGPASS invalid"):                       true,
		errors.New("connection refused"):                    true,
		context.DeadlineExceeded:                            true,
		context.Canceled:                                    false,
		fmt.Errorf("wait for a pool: %w", context.Canceled): false,
	} {
		if got := failed(err); got != want {
			t.Errorf("%v failed: %t, want %t", err, got, want)
		}
	}
}

package redis

import (
	"context"
	"runtime"
	"time"
)

// Time-outs are counted in turns. A turn is 10 ms plus the time until every other runnable
// goroutine has run. If this process is overloaded, answers wait to be read; then a turn takes
// longer, and Redis isn't considered slow. With time-outs by the clock, 1,000 concurrent requests
// on a busy machine opened the circuits of all instances, and more requests passed than the limit
// allows (ADR 9).
const (
	turn = 10 * time.Millisecond
	// callTurns is the maximum time of a call. Only calls that are running when Redis stops
	// answering wait this long.
	callTurns = 25
	// slowTurns is the time from which an answer is slow. Redis must not delay a request by 50 ms.
	slowTurns = 4
	// hardTimeout ends calls that no caller waits for any more.
	hardTimeout = 10 * time.Second
)

// wait calls f and returns how many turns it took. It returns errSilent after callTurns, or the
// error of ctx, while f still runs.
func wait(ctx context.Context, f func(ctx context.Context) error) (turns int, err error) {
	done := make(chan error, 1)
	go func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), hardTimeout)
		defer cancel()
		done <- f(bounded)
	}()
	timer := time.NewTimer(turn)
	defer timer.Stop()
	for ; turns < callTurns; turns++ {
		select {
		case err := <-done:
			return turns, err
		case <-ctx.Done():
			return turns, ctx.Err()
		case <-timer.C:
			runtime.Gosched()
			timer.Reset(turn)
		}
	}
	return turns, errSilent
}

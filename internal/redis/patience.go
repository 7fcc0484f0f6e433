package redis

import (
	"context"
	"runtime"
	"time"
)

// Answers are waited for in turns instead of milliseconds. A turn is 10 ms, and then the time until every other goroutine that can run
// has run. If this process has too much to do, answers wait to be read: then a turn takes longer, and Redis isn't blamed. With
// time-outs by the clock, 1,000 requests at once on a busy machine opened the circuit of each instance, and more requests passed than
// the limit allows (ADR 9).
const (
	turn = 10 * time.Millisecond
	// callTurns is the most that a call waits. Only the calls that are under way when Redis falls silent wait so long.
	callTurns = 25
	// slowTurns makes an answer slow: Redis must not delay a request by 50 ms.
	slowTurns = 4
	// hardTimeout ends calls that nobody waits for any more.
	hardTimeout = 10 * time.Second
)

// wait calls f and returns the number of turns it took. After callTurns it returns errSilent, and f ends by itself; so it does when ctx
// ends.
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

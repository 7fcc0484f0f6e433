package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	paceTick = 2 * time.Millisecond
	backlog  = 5 * time.Second // worth of requests that may wait for a worker; more is an error
)

// pacer starts tasks at a fixed rate, whether or not earlier ones have ended (an open loop). So a
// slow server doesn't get less work.
type pacer struct {
	perSecond float64
	workers   int
}

// run calls task with numbers from 0 until ctx ends or a task fails. It returns an error if the
// tasks can't keep up.
func (p pacer) run(ctx context.Context, task func(ctx context.Context, number int64) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	due := make(chan int64, max(p.workers, int(p.perSecond*backlog.Seconds())))
	var wg sync.WaitGroup
	for range p.workers {
		wg.Go(func() {
			for number := range due {
				if ctx.Err() != nil {
					continue
				}
				if err := task(ctx, number); err != nil && ctx.Err() == nil {
					cancel(err)
				}
			}
		})
	}
	err := p.emit(ctx, due)
	close(due)
	wg.Wait()
	return errors.Join(failure(ctx), err)
}

func (p pacer) emit(ctx context.Context, due chan<- int64) error {
	ticker := time.NewTicker(paceTick)
	defer ticker.Stop()
	began, number := time.Now(), int64(0)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		for ; number < int64(time.Since(began).Seconds()*p.perSecond); number++ {
			select {
			case due <- number:
			default:
				return fmt.Errorf("requests for more than %s are waiting: the rate of %.0f/s exceeds the server's capacity", backlog, p.perSecond)
			}
		}
	}
}

// saturate runs tasks on all workers without a pause, and returns how many ended per second.
func saturate(ctx context.Context, workers int, duration time.Duration, task func(ctx context.Context, number int64) error) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, duration)
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var begun, ended atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				err := task(ctx, begun.Add(1))
				switch {
				case ctx.Err() != nil: // the error is a consequence
				case err != nil:
					fail(err)
				default:
					ended.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return float64(ended.Load()) / duration.Seconds(), failure(ctx)
}

// failure returns the error that a context was cancelled with; nil for a time-out or a cancellation
// without an error.
func failure(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return nil
}

// visitor sends requests that seem to come from many addresses, through a trusted proxy.
type visitor struct {
	url    string
	client *http.Client
}

func newVisitor(url string, connections int) *visitor {
	return &visitor{url: url, client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConns: connections, MaxIdleConnsPerHost: connections}}}
}

// send sends a request and returns the body and entity tag of the reply. Another status than these
// is an error.
func (v *visitor) send(ctx context.Context, r request, from uint32, tag string, statuses ...int) (body []byte, etag string, err error) {
	more := map[string]string{"X-Forwarded-For": address(from)}
	if tag != "" {
		more["If-Match"] = tag
	}
	return exchange(ctx, v.client, v.url, r, more, statuses...)
}

// address returns an address in 10.0.0.0/8.
func address(n uint32) string { return net.IPv4(10, byte(n>>16), byte(n>>8), byte(n)).String() }

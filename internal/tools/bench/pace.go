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
	backlog  = 5 * time.Second // of requests that may wait for a worker before that counts as an error
)

// pacer runs a task at a rate, whether or not those before have ended: who is slow gets no less
// work (an open loop).
type pacer struct {
	perSecond float64
	workers   int
}

// run hands out numbers from 0 until ctx ends or a task fails. It is an error if the tasks can't
// keep up.
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
				return fmt.Errorf("more than %s of requests wait: the rate of %.0f/s is more than the server can do", backlog, p.perSecond)
			}
		}
	}
}

// saturate runs a task on all workers, each one after the other, and returns how many ended a
// second.
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
				case ctx.Err() != nil: // whatever the error is, it comes from that
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

// failure is what a context was cancelled with; nil if it was its time or nobody's fault.
func failure(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return nil
}

// visitor sends requests as if they came from many addresses, through a proxy that the server
// trusts.
type visitor struct {
	url    string
	client *http.Client
}

func newVisitor(url string, connections int) *visitor {
	return &visitor{url: url, client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConns: connections, MaxIdleConnsPerHost: connections}}}
}

// send returns the body and the tag of a reply that must have one of the statuses.
func (v *visitor) send(ctx context.Context, r request, from uint32, tag string, statuses ...int) (body []byte, etag string, err error) {
	more := map[string]string{"X-Forwarded-For": address(from)}
	if tag != "" {
		more["If-Match"] = tag
	}
	return exchange(ctx, v.client, v.url, r, more, statuses...)
}

// address is one of 10.0.0.0/8.
func address(n uint32) string { return net.IPv4(10, byte(n>>16), byte(n>>8), byte(n)).String() }

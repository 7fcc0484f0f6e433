package redis_test

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/faultproxy"
	"github.com/tenantry/tenantry/internal/redis"
	"github.com/tenantry/tenantry/internal/redis/redistest"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// heard has the texts that were received over a channel.
type heard struct {
	mu    sync.Mutex
	texts []string
}

func (h *heard) note(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.texts = append(h.texts, text)
}

func (h *heard) has(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.texts, text)
}

// open returns a client that runs until the end of the test and listens on the channel "test".
func open(t *testing.T, url string) (*redis.Client, *heard) {
	t.Helper()
	client, err := redis.Open(url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	h := &heard{}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { client.Run(ctx) })
	running.Go(func() { _ = client.Channel("test").Listen(ctx, func() {}, h.note) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		client.Close()
	})
	return client, h
}

// call makes an ordinary call.
func call(t *testing.T, client *redis.Client) error {
	t.Helper()
	return client.Do(t.Context(), func(ctx context.Context) error {
		return client.Commands().Incr(ctx, redis.Prefix+"test:calls").Err()
	})
}

// works waits until calls succeed and a published text is received.
func works(t *testing.T, client *redis.Client, h *heard) {
	t.Helper()
	key := redis.Prefix + "test:" + uuid.NewString()
	redistest.Until(t, "calls work", func() bool {
		n, err := client.Commands().Incr(t.Context(), key).Result()
		return err == nil && n > 0
	})
	client.Commands().Del(t.Context(), key)
	redistest.Until(t, "what is published is heard", func() bool {
		text := uuid.NewString()
		_ = client.Channel("test").Publish(t.Context(), text)
		for range 20 {
			if h.has(text) {
				return true
			}
			time.Sleep(5 * time.Millisecond)
		}
		return false
	})
}

func TestSingleServer(t *testing.T) {
	t.Parallel()
	client, h := open(t, storetest.RedisURL(t))
	works(t, client, h)
	if err := client.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	url := storetest.RedisURL(t)
	for name, fault := range map[string]func(p *faultproxy.Proxy){
		"down":      func(p *faultproxy.Proxy) { p.Fail(faultproxy.Refused) },
		"reset":     func(p *faultproxy.Proxy) { p.Fail(faultproxy.Reset) },
		"half open": func(p *faultproxy.Proxy) { p.Fail(faultproxy.HalfOpen) },
		"slow":      func(p *faultproxy.Proxy) { p.Delay(30 * time.Millisecond) }, // in both directions
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy, through := faultproxy.For(t, url)
			client, h := open(t, through)
			works(t, client, h)

			fault(proxy)
			redistest.Until(t, "Redis is away", func() bool {
				_ = call(t, client)
				return client.IsAway()
			})
			for range 1000 {
				if err := call(t, client); err == nil || !client.IsAway() {
					t.Fatalf("%v, want a failure at once", err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := client.Ping(ctx); (err == nil) != (name == "slow") {
				t.Errorf("Ping: %v", err)
			}

			proxy.Fail(faultproxy.None)
			proxy.Delay(0)
			redistest.Until(t, "Redis is back", func() bool { return !client.IsAway() })
			if err := client.Ping(t.Context()); err != nil {
				t.Errorf("Ping, when Redis is back: %v", err)
			}
			works(t, client, h)
		})
	}
}

func TestReadOnlyServerIsNotWell(t *testing.T) {
	t.Parallel()
	primary := redistest.Start(t)
	replica := redistest.Start(t, "--replicaof", strings.ReplaceAll(primary.Addr, ":", " "))
	client, _ := open(t, "redis://"+replica.Addr)
	if err := client.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "READONLY") {
		t.Errorf("%v, want an error with READONLY", err)
	}
}

func TestSentinel(t *testing.T) {
	t.Parallel()
	primary := redistest.Start(t)
	replica := redistest.Start(t, "--replicaof", strings.ReplaceAll(primary.Addr, ":", " "))
	sentinel := redistest.StartSentinel(t, "mine", primary)
	redistest.Until(t, "Sentinel knows the replica", func() bool { return sentinel.Replicas(t, "mine") == 1 })

	client, h := open(t, "redis+sentinel://"+sentinel.Addr+"/2?master=mine")
	works(t, client, h)
	primary.Stop()
	redistest.Until(t, "the replica has taken over", func() bool { return client.Ping(t.Context()) == nil })
	works(t, client, h)
	if !replica.Ping(t.Context()) {
		t.Error("the replica does not answer although the client works")
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	servers := redistest.StartCluster(t)
	// One server names the others.
	client, h := open(t, "redis+cluster://"+servers[1].Addr)
	for range 10 { // uses keys on all servers
		works(t, client, h)
	}
	// A text that is published to one server reaches listeners on the others.
	other, otherHears := open(t, "redis+cluster://"+servers[0].Addr+","+servers[2].Addr)
	works(t, other, otherHears)
	redistest.Until(t, "one hears the other", func() bool {
		text := uuid.NewString()
		_ = other.Channel("test").Publish(t.Context(), text)
		time.Sleep(50 * time.Millisecond)
		return h.has(text)
	})
}

func TestNothingIsLeftRunning(t *testing.T) { //nolint:paralleltest // it counts the goroutines of the process
	url := storetest.RedisURL(t)
	proxy, through := faultproxy.For(t, url)
	during := runtime.NumGoroutine()
	t.Run("", func(t *testing.T) {
		client, h := open(t, through)
		works(t, client, h)
		proxy.Fail(faultproxy.HalfOpen)
		for range 100 {
			_ = call(t, client)
		}
	})
	proxy.Fail(faultproxy.Refused)
	redistest.Until(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= during })
}

func TestNoSecretIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	client, err := redis.Open("redis://:hush@127.0.0.1:1", slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for !client.IsAway() {
		if err := call(t, client); err == nil {
			t.Fatal("the client reached a server at a port without one")
		}
	}
	if !strings.Contains(log.String(), "refused") || strings.Contains(log.String(), "hush") {
		t.Errorf("%s, want the reason and no password", &log)
	}
}

package store

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tenantry/tenantry/internal/netfault"
)

// A database that is gone without a word leaves its connections open: who waits for an answer waits until their time is over.
// How long a good answer takes can't tell, because there are slow queries. So whoever has waited for silence makes the watchdog
// try to connect, which takes a database milliseconds, whatever else it does. Both together stay below 2 seconds.
const (
	silence      = 400 * time.Millisecond
	probeTimeout = 1200 * time.Millisecond
	// recheck is how often it is asked whether the database is back.
	recheck = 250 * time.Millisecond
)

var errSilent = errors.New("the database has gone silent")

// The kernel finds connections whose other end is gone while the database itself still answers, as after a failover.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: time.Second, Count: 5}

// unacknowledgedTimeout is how long sent bytes may stay unconfirmed by the other end's kernel.
const unacknowledgedTimeout = 10 * time.Second

// watchdog makes the connections to a database, and ends them all when it is gone. Until it is back new ones fail at once.
type watchdog struct {
	// probe connects past the pool. It returns nil if the database answers, even with a refusal.
	probe   func(context.Context) error
	connect func(ctx context.Context, network, address string) (net.Conn, error)
	heard   atomic.Int64    // when any connection last got something, in nanoseconds since 1970
	ctx     context.Context //nolint:containedctx // the life of the probes, which no caller owns
	end     context.CancelFunc

	mu      sync.Mutex
	gone    bool
	asking  bool
	trusted int                  // how many have asked to be patient
	cut     map[any]func() error // ends a connection, or the making of one
}

func newWatchdog(probe func(context.Context) error) *watchdog {
	dialer := newDialer()
	w := &watchdog{probe: probe, connect: dialer.DialContext, cut: map[any]func() error{}}
	w.ctx, w.end = context.WithCancel(context.Background())
	return w
}

// newDialer makes connections that end by themselves when their other end is gone.
func newDialer() net.Dialer {
	return net.Dialer{KeepAliveConfig: keepAlive, Control: func(_, _ string, c syscall.RawConn) error {
		_ = c.Control(limitUnacknowledged) // the kernel's own limit is longer, and works as well
		return nil
	}}
}

// trust lets what f waits for take as long as it takes.
func (w *watchdog) trust(f func() error) error {
	w.mu.Lock()
	w.trusted++
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.trusted--
		w.mu.Unlock()
	}()
	return f()
}

// dial makes a connection that is watched. It is what the drivers call.
func (w *watchdog) dial(ctx context.Context, network, address string) (net.Conn, error) {
	caller := ctx
	ctx, cancel := context.WithCancel(caller)
	defer cancel()
	attempt := new(int)
	if !w.add(attempt, func() error { cancel(); return nil }) {
		return nil, errSilent
	}
	defer w.remove(attempt)
	watch := w.watch()
	defer watch.stop()
	watch.start()
	conn, err := w.connect(ctx, network, address)
	if err != nil && ctx.Err() != nil && caller.Err() == nil {
		return nil, errSilent // we gave it up, and not who asked
	}
	if err != nil {
		return nil, netfault.WithoutAddress(err)
	}
	c := &watchedConn{Conn: conn, dog: w, watch: w.watch()}
	if !w.add(c, conn.Close) {
		_ = conn.Close()
		return nil, errSilent
	}
	return c, nil
}

func (w *watchdog) add(key any, cut func() error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		return false
	}
	w.cut[key] = cut
	return true
}

func (w *watchdog) remove(key any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.cut, key)
}

// ask finds out whether the database is gone, and acts on it. Of several who ask at once one does.
func (w *watchdog) ask() {
	began := time.Now().UnixNano()
	w.mu.Lock()
	if w.asking || w.gone || w.trusted > 0 || w.ctx.Err() != nil {
		w.mu.Unlock()
		return
	}
	w.asking = true
	w.mu.Unlock()
	err := w.try()

	w.mu.Lock()
	defer w.mu.Unlock()
	w.asking = false
	if err == nil {
		w.heard.Store(time.Now().UnixNano())
		return
	}
	if w.heard.Load() >= began || w.trusted > 0 || w.ctx.Err() != nil {
		return
	}
	w.gone = true
	for _, cut := range w.cut {
		_ = cut() // there is nobody at its other end
	}
	clear(w.cut)
	go w.await()
}

func (w *watchdog) try() error {
	ctx, cancel := context.WithTimeout(w.ctx, probeTimeout)
	defer cancel()
	return w.probe(ctx)
}

// await returns when the database is back.
func (w *watchdog) await() {
	tick := time.NewTicker(recheck)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-w.ctx.Done():
			return
		}
		if w.try() == nil {
			w.mu.Lock()
			w.gone = false
			w.mu.Unlock()
			return
		}
	}
}

// watch looks at the time that one thing takes, again and again.
func (w *watchdog) watch() *watch {
	v := &watch{}
	v.timer = time.AfterFunc(time.Hour, func() {
		since := v.since.Load()
		if since == 0 {
			return
		}
		// While others get answers the database is there. The rest is the kernel's business.
		if quiet := time.Since(time.Unix(0, max(since, w.heard.Load()))); quiet < silence {
			v.timer.Reset(silence - quiet)
			return
		}
		w.ask()
		if v.since.Load() != 0 {
			v.timer.Reset(silence)
		}
	})
	v.timer.Stop()
	return v
}

type watch struct {
	since atomic.Int64 // 0: nothing is waited for
	timer *time.Timer
}

func (v *watch) start() {
	v.since.Store(time.Now().UnixNano())
	v.timer.Reset(silence)
}

func (v *watch) stop() {
	v.since.Store(0)
	v.timer.Stop()
}

// watchedConn tells the watchdog how long an answer takes.
type watchedConn struct {
	net.Conn

	dog   *watchdog
	watch *watch
}

func (c *watchedConn) Read(p []byte) (int, error) {
	c.watch.start()
	n, err := c.Conn.Read(p)
	c.watch.stop()
	if n > 0 {
		c.dog.heard.Store(time.Now().UnixNano())
	}
	return n, netfault.WithoutAddress(err)
}

func (c *watchedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, netfault.WithoutAddress(err)
}

func (c *watchedConn) Close() error {
	c.dog.remove(c)
	return c.Conn.Close()
}

// SyscallConn lets the drivers look whether the other end has closed the connection.
func (c *watchedConn) SyscallConn() (syscall.RawConn, error) {
	s, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return s.SyscallConn()
}

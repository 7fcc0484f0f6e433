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

// A database whose machine or network fails leaves its connections open, and clients wait for
// answers until their time-out. A read time-out can't distinguish a slow query from a dead server.
// So after a wait of silence the watchdog tries to connect, which takes a working database
// milliseconds, whatever load it has. silence and probeTimeout together are less than 2 seconds.
const (
	silence      = 400 * time.Millisecond
	probeTimeout = 1200 * time.Millisecond
	// recheck is the interval of the checks whether the database is back.
	recheck = 250 * time.Millisecond
)

var errSilent = errors.New("the database has gone silent")

// keepAlive finds connections whose other end is gone while the database still answers, as after a
// failover.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: time.Second, Count: 5}

// unacknowledgedTimeout is how long the other end's kernel may take to acknowledge sent bytes.
const unacknowledgedTimeout = 10 * time.Second

// watchdog makes the connections to a database, and closes them all when the database is gone.
// Until it is back, new connections fail at once.
type watchdog struct {
	// probe connects outside of the pool. It returns nil if the database answers, even if it
	// refuses the connection.
	probe   func(context.Context) error
	connect func(ctx context.Context, network, address string) (net.Conn, error)
	heard   atomic.Int64    // when any connection last received data, in Unix nanoseconds
	ctx     context.Context //nolint:containedctx // ends the probes, which belong to no caller
	end     context.CancelFunc

	mu        sync.Mutex
	gone      bool
	asking    bool
	suspended int                  // number of running suspend calls
	cut       map[any]func() error // closes a connection, or cancels its creation
}

func newWatchdog(probe func(context.Context) error) *watchdog {
	dialer := newDialer()
	w := &watchdog{probe: probe, connect: dialer.DialContext, cut: map[any]func() error{}}
	w.ctx, w.end = context.WithCancel(context.Background())
	return w
}

// newDialer returns a dialer whose connections fail by themselves when their other end is gone.
func newDialer() net.Dialer {
	return net.Dialer{KeepAliveConfig: keepAlive, Control: func(_, _ string, c syscall.RawConn) error {
		_ = c.Control(limitUnacknowledged) // without it the longer limit of the kernel applies
		return nil
	}}
}

// suspend calls f and doesn't limit the time of anything that f waits for.
func (w *watchdog) suspend(f func() error) error {
	w.mu.Lock()
	w.suspended++
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.suspended--
		w.mu.Unlock()
	}()
	return f()
}

// dial makes a watched connection. The drivers call it.
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
		return nil, errSilent // the watchdog gave up, not the caller
	}
	if err != nil {
		return nil, netfault.WithoutAddress(err)
	}
	c := &watchedConn{Conn: conn, watchdog: w, watch: w.watch()}
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

// ask checks whether the database is gone, and if so closes the connections. Of several concurrent
// calls one does the check.
func (w *watchdog) ask() {
	began := time.Now().UnixNano()
	w.mu.Lock()
	if w.asking || w.gone || w.suspended > 0 || w.ctx.Err() != nil {
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
	if w.heard.Load() >= began || w.suspended > 0 || w.ctx.Err() != nil {
		return
	}
	w.gone = true
	for _, cut := range w.cut {
		_ = cut() // the other end is gone
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

// watch returns a watch, which measures how long one thing takes and can be used repeatedly.
func (w *watchdog) watch() *watch {
	v := &watch{}
	v.timer = time.AfterFunc(time.Hour, func() {
		since := v.since.Load()
		if since == 0 {
			return
		}
		// While other connections get answers, the database is up. A single dead connection is
		// found by the kernel.
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
	since atomic.Int64 // 0: not waiting
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

// watchedConn is a connection that tells the watchdog how long it waits for an answer.
type watchedConn struct {
	net.Conn

	watchdog *watchdog
	watch    *watch
}

func (c *watchedConn) Read(p []byte) (int, error) {
	c.watch.start()
	n, err := c.Conn.Read(p)
	c.watch.stop()
	if n > 0 {
		c.watchdog.heard.Store(time.Now().UnixNano())
	}
	return n, netfault.WithoutAddress(err)
}

func (c *watchedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, netfault.WithoutAddress(err)
}

func (c *watchedConn) Close() error {
	c.watchdog.remove(c)
	return c.Conn.Close()
}

// SyscallConn lets the drivers check whether the other end has closed the connection.
func (c *watchedConn) SyscallConn() (syscall.RawConn, error) {
	s, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return s.SyscallConn()
}

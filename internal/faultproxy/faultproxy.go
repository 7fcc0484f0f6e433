// Package faultproxy stands between the program and one of its servers in a test, and lets the
// network between them fail in the ways in which networks do.
package faultproxy

import (
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Fault is how the network fails.
type Fault int

// The faults.
const (
	None     Fault = iota // everything passes
	Refused               // as by a machine whose server is down: connections are closed, and new ones refused
	Reset                 // connections are reset (RST) as soon as someone says something
	HalfOpen              // as after a cut cable: connections open and stay open, but nothing comes through
	Unheard               // what clients say comes through, and what the server says is lost, also when it is over
)

const pieceSize = 32 << 10

// Proxy passes on what clients and a server say to each other.
type Proxy struct {
	Addr string // where clients connect

	server   string
	accepted atomic.Int64
	mu       sync.Mutex
	changed  *sync.Cond // fault, or ended
	fault    Fault
	ended    bool
	delay    time.Duration
	listener net.Listener // nil while connections are refused
	open     map[net.Conn]struct{}
}

// New returns a proxy for the server at host:port. It ends with the test.
func New(t testing.TB, server string) *Proxy {
	t.Helper()
	p := &Proxy{Addr: "127.0.0.1:0", server: server, open: map[net.Conn]struct{}{}}
	p.changed = sync.NewCond(&p.mu)
	if err := p.listen(); err != nil {
		t.Fatalf("start a proxy: %v", err)
	}
	p.Addr = p.listener.Addr().String()
	t.Cleanup(p.close)
	return p
}

// For returns a proxy for the server that a URL names, and the URL that leads through the proxy.
func For(t testing.TB, serverURL string) (*Proxy, string) {
	t.Helper()
	u, err := url.Parse(serverURL)
	if err != nil {
		t.Fatalf("read a server's URL: %v", err)
	}
	p := New(t, u.Host)
	u.Host = p.Addr
	return p, u.String()
}

// Fail lets the network fail from now on, for open connections and for new ones. None ends that;
// connections that stayed open then go on.
func (p *Proxy) Fail(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
	switch {
	case f == Refused:
		p.stop()
	case p.listener == nil:
		if err := p.listen(); err != nil {
			panic(fmt.Sprintf("the port that the proxy gave up is taken: %v", err))
		}
	}
	p.changed.Broadcast()
}

// Delay holds back each piece that is passed on, in both directions, for d from now on.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Cut closes the connections that are open. New ones work.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeAll()
}

// Accepted returns how many connections clients have made, closed ones included.
func (p *Proxy) Accepted() int { return int(p.accepted.Load()) }

// Connections returns how many clients are connected.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open) / 2
}

func (p *Proxy) listen() error {
	listener, err := net.Listen("tcp", p.Addr)
	if err != nil {
		return err
	}
	p.listener = listener
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			p.accepted.Add(1)
			go p.join(client)
		}
	}()
	return nil
}

func (p *Proxy) stop() {
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	p.closeAll()
}

func (p *Proxy) closeAll() {
	for c := range p.open {
		_ = c.Close()
		delete(p.open, c)
	}
}

func (p *Proxy) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.stop()
	p.changed.Broadcast()
}

// join connects a client with the server, and passes on what they say until one of them has enough.
func (p *Proxy) join(client net.Conn) {
	defer client.Close()
	if _, ok := p.pass(); !ok {
		return
	}
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	if p.fault == Refused || p.ended {
		p.mu.Unlock()
		return
	}
	p.open[client], p.open[server] = struct{}{}, struct{}{}
	p.mu.Unlock()
	done := make(chan struct{})
	go func() {
		p.relay(server, client, func() bool { return true })
		close(done)
	}()
	p.relay(client, server, p.isHeard)
	<-done
	p.mu.Lock()
	delete(p.open, client)
	delete(p.open, server)
	p.mu.Unlock()
}

// isHeard reports whether what the server says comes through.
func (p *Proxy) isHeard() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault != Unheard
}

// relay passes on from one to the other what comes through, and ends both when one of them ends.
func (p *Proxy) relay(to, from net.Conn, comesThrough func() bool) {
	defer to.Close()
	defer from.Close()
	piece := make([]byte, pieceSize)
	for {
		n, err := from.Read(piece)
		if err != nil {
			return
		}
		if !comesThrough() {
			continue
		}
		delay, ok := p.pass()
		if !ok {
			reset(from)
			reset(to)
			return
		}
		if delay > 0 {
			time.Sleep(delay) // the network, not a wait for something
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}

// pass waits while nothing comes through, and reports whether something may; then it is held back
// for delay.
func (p *Proxy) pass() (delay time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.fault == HalfOpen && !p.ended {
		p.changed.Wait()
	}
	return p.delay, !p.ended && p.fault != Reset
}

// reset makes closing a connection an RST, which a peer sees as an error.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

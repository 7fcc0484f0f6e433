// Package faultproxy is a TCP proxy between the program and one of its servers in a test. It
// simulates network failures.
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

// Fault is a kind of network failure.
type Fault int

// The faults.
const (
	None     Fault = iota // no failure
	Refused               // the server is down: connections are closed, and new ones refused
	Reset                 // connections are reset (RST) when either side sends something
	HalfOpen              // a cable is cut: connections open and stay open, but transfer nothing
	Unheard               // data of clients arrives; data of the server is lost for good
)

const pieceSize = 32 << 10

// Proxy forwards data between clients and a server.
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

// New returns a proxy for the server at host:port. It is closed at the end of the test.
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

// For returns a proxy for the server of a URL, and the URL with the proxy's address.
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

// Fail sets the fault for open and new connections. None ends it; connections that are still open
// continue.
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

// Delay delays data in both directions by d from now on.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Cut closes all open connections. New ones work.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeAll()
}

// Accepted returns how many connections were accepted, including closed ones.
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

// join connects a client with the server, and forwards data until one side closes.
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

// isHeard reports whether data of the server arrives.
func (p *Proxy) isHeard() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault != Unheard
}

// relay forwards data in one direction, except data for which comesThrough is false. It closes both
// connections when one is closed.
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
			time.Sleep(delay) // simulates a slow network
		}
		if _, err := to.Write(piece[:n]); err != nil {
			return
		}
	}
}

// pass waits while no data may pass. It returns the delay for the data, and false if the connection
// must be closed.
func (p *Proxy) pass() (delay time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.fault == HalfOpen && !p.ended {
		p.changed.Wait()
	}
	return p.delay, !p.ended && p.fault != Reset
}

// reset makes closing the connection send an RST, which is an error for the peer.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

package faultproxy_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/faultproxy"
)

// echo starts a server that returns what it receives, and returns its address.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return listener.Addr().String()
}

func dial(t *testing.T, p *faultproxy.Proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// say sends a text and waits for its echo within a time. It returns the error.
func say(c net.Conn, within time.Duration) error {
	if err := c.SetDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	if _, err := c.Write([]byte("hello")); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, len("hello")))
	return err
}

const (
	patience  = 10 * time.Second
	impatient = 50 * time.Millisecond // for data that must not arrive
)

func TestFaults(t *testing.T) {
	t.Parallel()
	p := faultproxy.New(t, echo(t))
	c := dial(t, p)
	if err := say(c, patience); err != nil {
		t.Fatalf("without a fault: %v", err)
	}
	if p.Connections() != 1 {
		t.Errorf("%d connections, want 1", p.Connections())
	}

	p.Fail(faultproxy.HalfOpen)
	late := dial(t, p)
	for _, c := range []net.Conn{c, late} {
		if err := say(c, impatient); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("half open: %v, want no data", err)
		}
	}
	p.Fail(faultproxy.None)
	for _, c := range []net.Conn{c, late} {
		_ = c.SetDeadline(time.Now().Add(patience))
		if _, err := io.ReadFull(c, make([]byte, len("hello"))); err != nil {
			t.Errorf("after half open: %v, want the data from before", err)
		}
	}

	p.Fail(faultproxy.Unheard)
	if err := say(c, impatient); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("unheard: %v, want no data", err)
	}
	p.Fail(faultproxy.None)
	if err := say(c, patience); err != nil {
		t.Errorf("after unheard: %v, want only new data", err)
	}

	p.Cut()
	if err := say(c, patience); err == nil {
		t.Error("cut: the connection still works")
	}
	c = dial(t, p)
	if err := say(c, patience); err != nil {
		t.Errorf("after a cut: %v", err)
	}

	p.Fail(faultproxy.Reset)
	if err := say(c, patience); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: %v, want a reset connection", err)
	}

	p.Fail(faultproxy.Refused)
	if c, err := net.Dial("tcp", p.Addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused: %v, %v, want a refused connection", c, err)
	}
	p.Fail(faultproxy.None)
	if err := say(dial(t, p), patience); err != nil {
		t.Errorf("after all: %v", err)
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	p := faultproxy.New(t, echo(t))
	c := dial(t, p)
	p.Delay(20 * time.Millisecond)
	start := time.Now()
	if err := say(c, patience); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 40*time.Millisecond {
		t.Errorf("the round trip took %s, want at least 40ms", took)
	}
}

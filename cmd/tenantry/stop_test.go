package main_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/seed"
)

func TestSignalLetsARunningRequestFinish(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			p := newInstallation(t).serve("--demo=small")
			finish := beginLogin(t, p)
			p.signal(signal)
			p.awaitNoEntry()

			r := finish()
			r.want(t, http.StatusOK)
			g := decode[grant](t, r)
			p.home.secrets.add(g.Access, g.Refresh)
			if status := p.wait(); status != 0 {
				t.Errorf("exit status %d, want 0\n%s", status, p)
			}
		})
	}
}

func TestIdleConnectionsDoNotDelayTheStop(t *testing.T) {
	t.Parallel()
	p := newInstallation(t).serve()
	p.do(http.MethodGet, "/api/healthz", "").want(t, http.StatusOK) // its connection stays open
	p.connect()                                                     // sends nothing; net/http waits 5 seconds for it
	p.signal(syscall.SIGTERM)
	if status := p.wait(); status != 0 { // not 0 if requests are still running at the end of the drain
		t.Errorf("exit status %d, want 0\n%s", status, p)
	}
}

func TestSecondSignalEndsTheProcess(t *testing.T) {
	t.Parallel()
	p := newInstallation(t).serve("--demo=small")
	_ = beginLogin(t, p)
	p.signal(syscall.SIGTERM)
	p.awaitNoEntry()
	// After the first signal the program restores the default handling, at a moment that can't be
	// observed.
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // the process may have ended
		select {
		case <-p.ended:
			if status := p.wait(); status != endedBySignal {
				t.Errorf("exit status %d, want none, because the signal ends it\n%s", status, p)
			}
			return
		case <-again.C:
		}
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// beginLogin sends half of a log-in, which the process then works on. finish sends the rest and
// reads the reply.
func beginLogin(t *testing.T, p *process) (finish func() reply) {
	t.Helper()
	conn := p.connect()
	body := loginBody("ceo@techstart.com", seed.Password)
	first, rest := body[:len(body)/2], body[len(body)/2:]
	// The process answers 100 Continue when its handler reads the body, so the request is running
	// then.
	send(t, conn, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		loginPath, len(body)))
	reader := bufio.NewReader(conn)
	if line, err := reader.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q, %v, want 100 Continue", line, err)
	}
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	send(t, conn, first)
	return func() reply {
		t.Helper()
		send(t, conn, rest)
		return receive(t, reader)
	}
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatalf("send: %v", err)
	}
}

func receive(t *testing.T, reader *bufio.Reader) reply {
	t.Helper()
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	r, err := readReply(response)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

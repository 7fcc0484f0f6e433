package main_test

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// TestStoppingUnderLoadFailsNoRequest sends requests like a load balancer: until the health fails
// or a reply says "Connection: close". Every request before that has to succeed.
func TestStoppingUnderLoadFailsNoRequest(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewURL(t, store.Postgres)
	admin := newAdmin(t, store.Postgres, databaseURL)
	p := newInstallation(t, "LOG_LEVEL=info", "DATABASE_URL="+databaseURL, "SHUTDOWN_DELAY_SEC=4").serve()
	token := p.login(admin.Email, apitest.Password).Access
	var unwell atomic.Bool
	var kept, fresh, told atomic.Int64
	begun, failed := make(chan struct{}, 1000), make(chan struct{}, 16)
	create := func(client *http.Client, n int64) (closing, ok bool) {
		one := &process{t: t, url: p.url, client: client}
		r, err := one.try(http.MethodPost, companiesPath, fmt.Sprintf(`{"code":"D%d","name":"Company"}`, n), bearer(token))
		if err != nil || r.status != http.StatusCreated {
			t.Errorf("during the stop: status %d, %v: %s", r.status, err, r.body)
			failed <- struct{}{}
			return false, false
		}
		select {
		case begun <- struct{}{}:
		default:
		}
		return r.header.Get("Connection") == "close", true
	}
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() { // uses one connection until the server closes it
			client := &http.Client{Transport: &keepClose{base: &http.Transport{MaxConnsPerHost: 1}}}
			for {
				closing, ok := create(client, lastCode.Add(1))
				kept.Add(1)
				if closing {
					told.Add(1)
				}
				if closing || !ok {
					return
				}
			}
		})
		clients.Go(func() { // opens a new connection each time until the health fails
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			for !unwell.Load() {
				if _, ok := create(client, lastCode.Add(1)); !ok {
					return
				}
				fresh.Add(1)
			}
		})
	}
	for range 200 {
		select {
		case <-begun:
		case <-failed:
			t.FailNow()
		}
	}
	before := fresh.Load()
	p.signal(syscall.SIGTERM)
	health := &process{t: t, url: p.url, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	for deadline := time.Now().Add(patience); ; {
		r, err := health.try(http.MethodGet, "/api/health", "")
		if err != nil {
			t.Fatalf("the instance refused connections before its health failed: %v", err)
		}
		if r.status == http.StatusServiceUnavailable {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the health doesn't fail after the signal to stop")
		}
	}
	unwell.Store(true)
	clients.Wait()
	// All clients were told in time, while the instance still accepts connections.
	if conn, err := p.dial(); err != nil {
		t.Errorf("the instance refused connections before the last client was told: %v", err)
	} else {
		_ = conn.Close()
	}
	if told.Load() != 8 || fresh.Load() == before {
		t.Errorf("%d of 8 clients were told to leave, and %d new connections worked meanwhile", told.Load(), fresh.Load()-before)
	}
	if status := p.wait(); status != 0 {
		t.Errorf("exit status %d, want 0\n%s", status, p)
	}
}

// keepClose restores the header "Connection: close", which Go's client hides.
type keepClose struct{ base *http.Transport }

func (k *keepClose) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := k.base.RoundTrip(r)
	if err == nil && response.Close {
		response.Header.Set("Connection", "close")
	}
	return response, err
}

// HTTP/2 without TLS is what proxies may use behind them.
func TestHTTP2WithoutTLS(t *testing.T) {
	t.Parallel()
	p := newInstallation(t, "SHUTDOWN_DELAY_SEC=1").serve("--demo=small")
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	p.client = &http.Client{Transport: apitest.Checked(t, transport)}
	response, err := p.client.Get(p.url + "/api/healthz")
	if err != nil || response.ProtoMajor != 2 {
		t.Fatalf("%v, %v, want a reply by HTTP/2", response, err)
	}
	_ = response.Body.Close()
	g := p.login("ceo@techstart.com", "password123")
	p.do(http.MethodGet, "/api/v1/nothing", "", bearer(g.Access)).wantProblem(t, http.StatusNotFound, "not_found")
	p.do(http.MethodPost, companiesPath, `{`, bearer(g.Access)).wantProblem(t, http.StatusBadRequest, "malformed_json")
	var wait sync.WaitGroup
	for range 200 { // streams of a few connections
		wait.Go(func() { p.do(http.MethodGet, companiesPath, "", bearer(g.Access)).want(t, http.StatusOK) })
	}
	wait.Wait()
	large, err := http.NewRequest(http.MethodGet, p.url+"/api/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 10 {
		large.Header.Set(fmt.Sprintf("X-Large-%d", n), fmt.Sprintf("%020000d", n))
	}
	if response, err := (&http.Client{Transport: transport}).Do(large); err == nil {
		_ = response.Body.Close()
		if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("headers of 200 kB: status %d, want 431", response.StatusCode)
		}
	}

	// A running request is finished here, too.
	finished := make(chan int, 1)
	go func() {
		r, err := p.try(http.MethodPost, loginPath, loginBody("ceo@techstart.com", "password123"))
		if err != nil {
			t.Errorf("log-in during the stop: %v", err)
		}
		finished <- r.status
	}()
	p.signal(syscall.SIGTERM)
	if status := <-finished; status != http.StatusOK {
		t.Errorf("log-in during the stop: status %d", status)
	}
	if status := p.wait(); status != 0 {
		t.Errorf("exit status %d, want 0\n%s", status, p)
	}
}

// receiveAll reads until the server closes the connection.
func receiveAll(t *testing.T, conn net.Conn) string {
	t.Helper()
	var all []byte
	piece := make([]byte, 4096)
	for {
		n, err := conn.Read(piece)
		all = append(all, piece[:n]...)
		if err != nil {
			return string(all)
		}
	}
}

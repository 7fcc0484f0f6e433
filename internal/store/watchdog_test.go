package store

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// promised limits how long a request waits for an error when the database is gone, and for a result
// when it is back.
const promised = 2 * time.Second

// link is a network to a database that a test can interrupt. It runs in a synctest bubble.
type link struct {
	*watchdog

	isSilent atomic.Bool
	probes   atomic.Int32
	server   net.Conn // the other end of the newest connection
}

func inLink(t *testing.T, f func(t *testing.T, l *link)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &link{}
		await := func(ctx context.Context) error {
			if l.isSilent.Load() {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		l.watchdog = newWatchdog(func(ctx context.Context) error { l.probes.Add(1); return await(ctx) })
		l.connect = func(ctx context.Context, _, _ string) (net.Conn, error) {
			if err := await(ctx); err != nil {
				return nil, err
			}
			var client net.Conn
			client, l.server = net.Pipe()
			return client, nil
		}
		defer l.end()
		f(t, l)
	})
}

func (l *link) mustDial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := l.dial(t.Context(), "tcp", "database")
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestSilentDatabaseIsGivenUpIn2Seconds(t *testing.T) {
	t.Parallel()
	inLink(t, func(t *testing.T, l *link) {
		conn := l.mustDial(t)
		l.isSilent.Store(true)
		since := time.Now()
		tooLate, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		context.AfterFunc(tooLate, func() { _ = conn.Close() })
		dialed := make(chan error, 1)
		go func() {
			_, err := l.dial(tooLate, "tcp", "database")
			dialed <- err
		}()
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("a read from a silent database succeeds")
		}
		if err := <-dialed; !errors.Is(err, errSilent) {
			t.Errorf("a dial that was waiting: error %v, want %v", err, errSilent)
		}
		if took := time.Since(since); took > promised {
			t.Errorf("giving up took %s, want at most %s", took, promised)
		}
		since = time.Now()
		if _, err := l.dial(t.Context(), "tcp", "database"); !errors.Is(err, errSilent) || time.Since(since) != 0 {
			t.Errorf("a new dial: error %v after %s, want %v at once", err, time.Since(since), errSilent)
		}
	})
}

func TestReturnedDatabaseIsUsedIn2Seconds(t *testing.T) {
	t.Parallel()
	for away := time.Minute; away < time.Minute+probeTimeout+recheck; away += 50 * time.Millisecond { // at every phase of a probe
		inLink(t, func(t *testing.T, l *link) {
			conn := l.mustDial(t)
			l.isSilent.Store(true)
			_, _ = conn.Read(make([]byte, 1))
			time.Sleep(away)
			l.isSilent.Store(false)
			time.Sleep(promised)
			_ = l.mustDial(t).Close()
		})
	}
}

func TestSlowAnswerIsAwaitedWhileTheDatabaseAcceptsConnections(t *testing.T) {
	t.Parallel()
	inLink(t, func(t *testing.T, l *link) {
		conn := l.mustDial(t)
		defer conn.Close()
		time.AfterFunc(time.Minute, func() { _, _ = l.server.Write([]byte{1}) })
		if _, err := conn.Read(make([]byte, 1)); err != nil || l.probes.Load() == 0 {
			t.Errorf("error %v after %d probes, want an answer after some probes", err, l.probes.Load())
		}
	})
}

func TestDatabaseThatAnswersOthersIsNotProbed(t *testing.T) {
	t.Parallel()
	inLink(t, func(t *testing.T, l *link) {
		busy := l.mustDial(t)
		others := l.server
		slow := l.mustDial(t)
		time.AfterFunc(time.Minute, func() { _ = slow.Close() })
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = slow.Read(make([]byte, 1))
		}()
		go func() {
			for {
				select {
				case <-ended:
					_ = busy.Close()
					return
				case <-time.After(silence / 2):
					_, _ = others.Write([]byte{1})
				}
			}
		}()
		for {
			if _, err := busy.Read(make([]byte, 1)); err != nil {
				break
			}
		}
		if n := l.probes.Load(); n != 0 {
			t.Errorf("%d probes although the database answers, want none", n)
		}
	})
}

package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/postgrestest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// ears is a listener of a channel, until the test ends.
type ears struct {
	texts chan string
	over  chan error // what Listen returned
}

// listen returns after Listen has subscribed or failed.
func listen(t *testing.T, s *store.Store, name string) ears {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	e, ready, done := ears{make(chan string, 100), make(chan error, 1)}, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		e.over <- s.Channel(name).Listen(ctx, func() { close(ready) }, func(text string) { e.texts <- text })
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	select {
	case <-ready:
	case <-done:
	}
	return e
}

func publish(t *testing.T, s *store.Store, name, text string) {
	t.Helper()
	if err := s.Channel(name).Publish(t.Context(), text); err != nil {
		t.Fatalf("publish: %v", err)
	}
}

func TestAllListenersReceiveMessagesInOrder(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewMigratedURL(t, store.Postgres)
	one, two := storetest.Open(t, databaseURL), storetest.Open(t, databaseURL)
	own, others, elsewhere := listen(t, one, "test"), listen(t, two, "test"), listen(t, two, "another")
	texts := []string{"a", "", "it's \"quoted\" \\ ; $1", strings.Repeat("x", 7999)}
	for _, text := range texts {
		publish(t, one, "test", text)
	}
	publish(t, one, "another", "last")
	for _, e := range []ears{own, others} {
		for _, want := range texts {
			if got := <-e.texts; got != want {
				t.Fatalf("the listener received %.40q, want %.40q", got, want)
			}
		}
	}
	if got := <-elsewhere.texts; got != "last" {
		t.Errorf("a listener of another channel received %.40q", got)
	}
	if err := one.Channel("test").Publish(t.Context(), strings.Repeat("x", 8000)); err == nil {
		t.Error("Publish accepts a text that is too long, want an error")
	}
}

func TestListenEndsWithItsConnection(t *testing.T) {
	t.Parallel()
	databaseURL := storetest.NewMigratedURL(t, store.Postgres)
	s := storetest.Open(t, databaseURL)
	e := listen(t, s, "test")
	if _, err := s.SQLDB().ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-e.over:
		if err == nil || errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Listen returned %v, want the end of the connection", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("Listen goes on although its connection was closed")
	}
}

func TestOtherEnginesHaveNoChannel(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.MySQL, store.SQLite} {
		if c := storetest.New(t, engine).Channel("test"); c != nil {
			t.Errorf("%s has a channel", engine)
		}
	}
}

// Through pgbouncer a subscription would stay on a server connection that other clients use.
func TestListenFailsThroughPgbouncer(t *testing.T) {
	t.Parallel()
	direct := storetest.NewMigratedURL(t, store.Postgres)
	pooled, s := storetest.Open(t, postgrestest.Bouncer(t, direct, 2)), storetest.Open(t, direct)
	e := listen(t, pooled, "test")
	if err := <-e.over; !errors.Is(err, errors.ErrUnsupported) {
		t.Fatalf("error %v, want that LISTEN is unsupported", err)
	}
	var subscribed int
	err := s.SQLDB().QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'").Scan(&subscribed)
	if err != nil || subscribed != 0 {
		t.Errorf("%d connections listen, error %v", subscribed, err)
	}
	// A listener that is connected directly receives messages that were published through
	// pgbouncer.
	near := listen(t, s, "test")
	for range 10 {
		publish(t, pooled, "test", "from afar")
		if got := <-near.texts; got != "from afar" {
			t.Errorf("the listener received %q", got)
		}
	}
}

package invalidation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
)

// bus is a transport that a test can make fail. It delivers texts to all listeners in order.
type bus struct {
	mu    sync.Mutex
	ears  []*ear
	err   error         // returned by Publish
	delay time.Duration // until a text is received
	lost  bool          // no text is delivered
	stuck bool          // Publish blocks
	sent  []string
}

type ear struct {
	texts chan late
	cut   chan struct{}
}

type late struct {
	text string
	due  time.Time
}

func (b *bus) set(change func(b *bus)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

func (b *bus) Publish(ctx context.Context, text string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stuck {
		b.mu.Unlock()
		<-ctx.Done()
		b.mu.Lock()
		return ctx.Err()
	}
	if b.err != nil {
		return b.err
	}
	b.sent = append(b.sent, text)
	if b.lost {
		return nil
	}
	for _, e := range b.ears {
		e.texts <- late{text, time.Now().Add(b.delay)}
	}
	return nil
}

func (b *bus) Listen(ctx context.Context, ready func(), receive func(text string)) error {
	e := &ear{make(chan late, 10_000), make(chan struct{})}
	b.set(func(b *bus) { b.ears = append(b.ears, e) })
	defer b.set(func(b *bus) { b.ears = slices.DeleteFunc(b.ears, func(other *ear) bool { return other == e }) })
	ready()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.cut:
			return errDown
		case l := <-e.texts:
			time.Sleep(time.Until(l.due)) // simulates the delay
			receive(l.text)
		}
	}
}

// cut ends all listeners, which listen again.
func (b *bus) cut() {
	b.set(func(b *bus) {
		for _, e := range b.ears {
			close(e.cut)
		}
	})
}

var errDown = errors.New("connection refused")

// instance is a channel that records the subjects to forget.
type instance struct {
	*Channel

	mu        sync.Mutex
	forgotten []Subject
}

func (i *instance) has(s Subject) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Contains(i.forgotten, s)
}

func (i *instance) live() bool { return i.Live(time.Now()) }

// reset clears the recorded subjects.
func (i *instance) reset() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.forgotten = nil
}

func newInstance(b Transport, log *slog.Logger) *instance {
	i := &instance{Channel: New(b, log)}
	i.OnForget(func(s Subject) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.forgotten = append(i.forgotten, s)
	})
	return i
}

// withTwoInstances runs two instances on a bus in a synctest bubble.
func withTwoInstances(t *testing.T, f func(t *testing.T, b *bus, one, two *instance)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bus{}
		log := slog.New(slog.DiscardHandler)
		one, two := newInstance(b, log), newInstance(b, log)
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { one.Run(ctx) })
		running.Go(func() { two.Run(ctx) })
		synctest.Wait()
		f(t, b, one, two)
		stop()
		running.Wait()
	})
}

func let(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestChannelIsLiveOnlyWhileHeartbeatsReturn(t *testing.T) {
	t.Parallel()
	withTwoInstances(t, func(t *testing.T, b *bus, one, two *instance) {
		if !one.live() || !two.live() {
			t.Fatal("not live although heartbeats come back")
		}
		for range 100 {
			let(heartbeatInterval / 2)
			if !one.live() {
				t.Fatal("no longer live although heartbeats come back")
			}
		}
		for name, fault := range map[string]func(b *bus){
			"refused": func(b *bus) { b.err = errDown },
			"lost":    func(b *bus) { b.lost = true },
			"stuck":   func(b *bus) { b.stuck = true },
			"late":    func(b *bus) { b.delay = liveFor + time.Millisecond },
		} {
			b.set(fault)
			let(liveFor + time.Millisecond)
			for range 100 {
				if one.live() {
					t.Fatalf("%s: live although heartbeats don't come back in time", name)
				}
				let(heartbeatInterval / 3)
			}
			b.set(func(b *bus) { b.err, b.lost, b.stuck, b.delay = nil, false, false, 0 })
			let(publishTimeout + 2*liveFor) // delayed texts arrive first
			if !one.live() {
				t.Fatalf("%s: not live again although heartbeats come back", name)
			}
		}
		b.set(func(b *bus) { b.delay = liveFor - heartbeatInterval - time.Millisecond })
		for range 100 {
			let(heartbeatInterval / 3)
			if !one.live() {
				t.Fatal("not live although each heartbeat comes back before the previous one is too old")
			}
		}
	})
}

func TestOtherHeartbeatsDoNotMakeTheChannelLive(t *testing.T) {
	t.Parallel()
	withTwoInstances(t, func(t *testing.T, b *bus, one, two *instance) {
		let(time.Minute)
		b.set(func(b *bus) { b.lost = true })
		let(liveFor + time.Millisecond)
		const young = uint64(liveFor / heartbeatInterval)
		for n := range one.number {
			one.receive(fmt.Sprintf("1 beat:%d:%s", n+1, two.name))
			one.receive(fmt.Sprintf("1 beat:%d:%s", one.number+1+n, one.name)) // never sent
			if n+1 < one.number-young {
				one.receive(fmt.Sprintf("1 beat:%d:%s", n+1, one.name)) // too old
			}
		}
		if one.live() {
			t.Error("live although no heartbeat of its own came back")
		}
	})
}

func TestGapForgetsEverybody(t *testing.T) {
	t.Parallel()
	withTwoInstances(t, func(t *testing.T, b *bus, one, _ *instance) {
		let(time.Minute)
		one.reset()
		let(time.Minute)
		if one.has(Everybody) {
			t.Fatal("Everybody was forgotten although nothing was missed")
		}
		b.set(func(b *bus) { b.lost = true })
		let(liveFor + time.Millisecond)
		b.set(func(b *bus) { b.lost = false })
		let(heartbeatInterval)
		if !one.live() || !one.has(Everybody) {
			t.Errorf("live: %t, everybody forgotten: %t, want both", one.live(), one.has(Everybody))
		}
	})
}

func TestReconnectionForgetsEverybody(t *testing.T) {
	t.Parallel()
	withTwoInstances(t, func(t *testing.T, b *bus, one, _ *instance) {
		let(time.Minute)
		one.reset()
		b.cut()
		synctest.Wait()
		if one.live() || !one.has(Everybody) {
			t.Errorf("live: %t, everybody forgotten: %t, want an instance that is not live and has forgotten everybody", one.live(), one.has(Everybody))
		}
		one.reset()
		let(minPause)
		if !one.live() || !one.has(Everybody) {
			t.Errorf("live: %t, everybody forgotten: %t, want an instance that is live again and has forgotten everybody", one.live(), one.has(Everybody))
		}
	})
}

func TestHeartbeatsFromBeforeAReconnectionAreIgnored(t *testing.T) {
	t.Parallel()
	withTwoInstances(t, func(t *testing.T, b *bus, one, _ *instance) {
		before := one.number
		b.set(func(b *bus) { b.lost = true })
		one.setListening(true)
		one.receive(fmt.Sprintf("1 beat:%d:%s", before, one.name))
		if one.live() {
			t.Error("live because of a heartbeat that was sent before the break")
		}
	})
}

func TestAllInstancesReceiveAnnouncements(t *testing.T) {
	t.Parallel()
	withTwoInstances(t, func(t *testing.T, b *bus, one, two *instance) {
		for _, s := range []Subject{User(uuid.New(), uuid.New()), Tenant(uuid.New()), Everybody} {
			one.reset()
			two.reset()
			begun := time.Now()
			one.Announce(t.Context(), s)
			if waited := time.Since(begun); waited != 0 || !one.has(s) {
				t.Errorf("%s: Announce took %s; forgotten here: %t", s, waited, one.has(s))
			}
			synctest.Wait()
			if !two.has(s) {
				t.Errorf("%s isn't forgotten by the other instance", s)
			}
		}
	})
}

func TestAnnounceForgetsAtOnceAndDoesNotBlock(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(b *bus){
		"refused": func(b *bus) { b.err = errDown },
		"stuck":   func(b *bus) { b.stuck = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			withTwoInstances(t, func(t *testing.T, b *bus, one, two *instance) {
				b.set(fault)
				s := User(uuid.New(), uuid.New())
				begun := time.Now()
				one.Announce(t.Context(), s)
				if waited := time.Since(begun); waited > announceTimeout || !one.has(s) {
					t.Errorf("Announce took %s, want %s at most; forgotten here: %t", waited, announceTimeout, one.has(s))
				}
				let(10 * time.Second)
				if two.has(s) {
					t.Fatal("the other instance received the announcement although the transport failed")
				}
				b.set(func(b *bus) { b.err, b.stuck = nil, false })
				let(publishTimeout + heartbeatInterval)
				if !two.has(s) {
					t.Error("the announcement isn't sent again")
				}
			})
		})
	}
}

func TestFullOutboxMeansEverybody(t *testing.T) {
	t.Parallel()
	withTwoInstances(t, func(t *testing.T, b *bus, one, two *instance) {
		b.set(func(b *bus) { b.err = errDown })
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for range 10 * maxWaiting {
			one.Announce(gone, User(uuid.New(), uuid.New()))
		}
		let(time.Second)
		two.reset()
		one.Channel.mu.Lock()
		waiting := len(one.next.subjects)
		one.Channel.mu.Unlock()
		if waiting != 1 {
			t.Errorf("%d subjects wait, want only Everybody", waiting)
		}
		b.set(func(b *bus) { b.err, b.sent = nil, nil })
		let(heartbeatInterval)
		if !slices.Contains(b.sent, "1 *") {
			t.Errorf("the sent texts are %.100q, want Everybody", b.sent)
		}
	})
}

func TestFlushSendsWithoutRun(t *testing.T) {
	t.Parallel()
	b := &bus{}
	one := newInstance(b, slog.New(slog.DiscardHandler))
	s := User(uuid.New(), uuid.New())
	one.Announce(t.Context(), s)
	if len(b.sent) > 0 {
		t.Fatalf("%q was sent although Run doesn't run", b.sent)
	}
	b.err = errDown
	if err := one.Flush(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("%v, want the failure", err)
	}
	b.err = nil
	for range 2 {
		if err := one.Flush(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if want := []string{"1 " + s.String()}; !slices.Equal(b.sent, want) {
		t.Errorf("%q was sent, want %q", b.sent, want)
	}
}

func TestTextsFitAndAreUnderstood(t *testing.T) {
	t.Parallel()
	const most = 8000 // PostgreSQL's limit
	b := newBatch()
	for range maxWaiting {
		b.add(User(uuid.New(), uuid.New()))
	}
	one := newInstance(&bus{}, slog.New(slog.DiscardHandler))
	for _, text := range b.texts() {
		if len(text) >= most {
			t.Errorf("a text of %d bytes", len(text))
		}
		one.receive(text)
	}
	for s := range b.subjects {
		if !one.has(s) {
			t.Fatalf("%s was sent, but the receiver didn't understand it", s)
		}
	}
	if len(one.forgotten) != len(b.subjects) {
		t.Errorf("%d subjects, want %d", len(one.forgotten), len(b.subjects))
	}
}

func TestUnknownTextsAreIgnored(t *testing.T) {
	t.Parallel()
	one := newInstance(&bus{}, slog.New(slog.DiscardHandler))
	id := uuid.NewString()
	for _, text := range []string{
		"", " ", "1", "1 ", "nonsense", id, "2 " + id, "2 *", "1 **", "1 beat:", "1 beat:1:", "1 beat:x:" + one.name, "1 beat:-1:" + one.name,
		"1 beat:99999999999999999999:" + one.name, "1 " + id + "/", "1 " + id + "/x", "1 /" + id, "1 " + id + "/" + id + "/" + id, "1\t" + id, "1 " + id[1:],
		"1 \x00", "1 \xff\xfe", "1 * " + strings.Repeat("x", maxText), strings.Repeat("1 * ", maxText),
	} {
		one.receive(text)
		if len(one.forgotten) > 0 {
			t.Errorf("%.60q: %v is forgotten", text, one.forgotten)
			one.reset()
		}
	}
	// Known words count even beside unknown ones.
	one.receive("1 nonsense " + id + " beat:1:2:3")
	if !one.has(Tenant(uuid.MustParse(id))) {
		t.Error("a tenant beside nonsense isn't forgotten")
	}
}

func TestSubjectsCoverUsers(t *testing.T) {
	t.Parallel()
	tenant, user, other := uuid.New(), uuid.New(), uuid.New()
	for _, test := range []struct {
		subject            Subject
		self, same, abroad bool
	}{
		{User(tenant, user), true, false, false},
		{Tenant(tenant), true, true, false},
		{Everybody, true, true, true},
		{User(other, user), false, false, false},
		{Tenant(other), false, false, false},
	} {
		s := test.subject
		if s.Covers(tenant, user) != test.self || s.Covers(tenant, uuid.New()) != test.same || s.Covers(uuid.New(), user) != test.abroad {
			t.Errorf("%s covers the wrong users", s)
		}
	}
}

// unsupported is a transport that never works.
type unsupported struct{ bus }

func (*unsupported) Listen(context.Context, func(), func(string)) error { return errors.ErrUnsupported }

func TestWhereListeningDoesNotWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b := &unsupported{}
		one := newInstance(b, slog.New(slog.NewTextHandler(&log, nil)))
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { one.Run(ctx) })
		let(time.Hour)
		s := Tenant(uuid.New())
		one.Announce(t.Context(), s) // other instances may be able to listen
		if one.live() || !slices.Equal(b.sent, []string{"1 " + s.String()}) {
			t.Errorf("live: %t, sent: %q, want the announcement and no heartbeat", one.live(), b.sent)
		}
		if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "level=INFO") {
			t.Errorf("want one line in the log, for information:\n%s", &log)
		}
		stop()
		running.Wait()
	})
}

func TestChangesOfTheStateAreLoggedRarely(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log lines
		b := &bus{}
		one := newInstance(b, slog.New(slog.NewTextHandler(&log, nil)))
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { one.Run(ctx) })
		let(time.Hour)
		if log := log.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "level=INFO") {
			t.Errorf("want one line about the channel being live:\n%s", log)
		}
		log.reset()
		b.set(func(b *bus) { b.err = errDown })
		let(time.Hour)
		if log := log.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "level=WARN") {
			t.Errorf("want one line about the channel being down:\n%s", log)
		}
		log.reset()
		const hour = 60
		for range hour * 30 {
			b.set(func(b *bus) { b.err = nil })
			let(time.Second)
			b.set(func(b *bus) { b.err = errDown })
			let(time.Second)
		}
		if n := strings.Count(log.String(), "\n"); n > 2*hour+2 {
			t.Errorf("%d lines in an hour, want two a minute at most", n)
		}
		stop()
		running.Wait()
	})
}

// lines returns the logged lines.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lines) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Reset()
}

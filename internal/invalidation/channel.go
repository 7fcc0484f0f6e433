// Package invalidation announces changes of users and tenants to all instances, so that they drop
// cached state, and detects whether announcements would arrive. See docs/adr/0013-session-cache.md.
package invalidation

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

const (
	// heartbeatInterval is how often an instance sends itself a heartbeat through the channel.
	heartbeatInterval = 250 * time.Millisecond
	// liveFor is how long the channel counts as live after a received heartbeat was sent. Two
	// heartbeats may get lost.
	liveFor = 750 * time.Millisecond
	// publishTimeout limits an attempt to publish. By then, no instance has cached state from
	// before the change.
	publishTimeout = 2 * time.Second
	// announceTimeout is how long Announce waits until an announcement is sent.
	announceTimeout = 25 * time.Millisecond
	// The pause between two attempts to listen doubles from minPause to maxPause.
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second
	// warningPause is the minimum time between two warnings that the channel is down.
	warningPause = time.Minute
)

const (
	// maxWaiting is the maximum number of waiting subjects. Above it, they are replaced by
	// Everybody.
	maxWaiting = 1000
	// maxText is the maximum length of a text. PostgreSQL accepts less than 8000 bytes.
	maxText = 7500
	// version is the first word of each text.
	version = "1"
	// heartbeatPrefix precedes the number and the sender of a heartbeat.
	heartbeatPrefix = "beat:"
	// maxPending is the maximum number of heartbeats that may be under way.
	maxPending = 8
)

// Name is the name of the channel, for transports with several.
const Name = "invalidation"

// Transport delivers texts to all listeners, including the sender, in the order in which they were
// sent.
type Transport interface {
	// Publish sends a text.
	Publish(ctx context.Context, text string) error
	// Listen calls receive with each text, until ctx ends or the connection fails. It calls ready
	// once it will miss no text from then on, and again after each reconnection. It returns
	// errors.ErrUnsupported if it will never work.
	Listen(ctx context.Context, ready func(), receive func(text string)) error
}

// Channel connects an instance with all others. A nil *Channel is never live and announces nothing.
type Channel struct {
	transport Transport
	log       *slog.Logger
	name      string // id of this instance
	forget    func(Subject)
	confirmed atomic.Pointer[time.Time] // when the last received heartbeat was sent; nil if there is none
	wake      chan struct{}

	mu        sync.Mutex
	listening bool
	number    uint64 // number of the last heartbeat
	sent      [maxPending]heartbeat
	next      *batch
	wasLive   bool // the state that was last logged
	warned    time.Time
}

type heartbeat struct {
	number uint64
	at     time.Time
}

// batch is a set of subjects that are announced together.
type batch struct {
	subjects map[Subject]struct{}
	done     chan struct{} // closed when the batch was sent or sending failed
}

func newBatch() *batch { return &batch{map[Subject]struct{}{}, make(chan struct{})} }

// New returns a channel. Call OnForget and then Run.
func New(transport Transport, log *slog.Logger) *Channel {
	return &Channel{
		transport: transport, log: log, name: uuid.NewString(), forget: func(Subject) {}, wake: make(chan struct{}, 1), next: newBatch(),
	}
}

// OnForget sets the function that is called with each changed subject. Call it before all other
// methods.
func (c *Channel) OnForget(f func(Subject)) {
	if c != nil {
		c.forget = f
	}
}

// Live reports whether announcements of other instances would arrive at this moment. now must come
// from time.Now.
func (c *Channel) Live(now time.Time) bool {
	if c == nil {
		return false
	}
	sent := c.confirmed.Load()
	return sent != nil && Age(now, *sent) <= liveFor
}

// Age returns the time between two results of time.Now. It returns the larger of the differences by
// the monotonic clock, which can't be set, and by the wall clock, which runs while the machine
// sleeps.
func Age(now, then time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}

// Announce makes all instances drop their cached state of a subject: this instance before it
// returns, the others soon. Call it after the transaction of the change. It waits up to 25 ms until
// the announcement is sent.
func (c *Channel) Announce(ctx context.Context, s Subject) {
	if c == nil {
		return
	}
	c.forget(s)
	c.mu.Lock()
	c.next.add(s)
	done := c.next.done
	c.mu.Unlock()
	c.notify()
	timer := time.NewTimer(announceTimeout)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (b *batch) add(s Subject) {
	if s == Everybody || len(b.subjects) >= maxWaiting {
		b.subjects = map[Subject]struct{}{Everybody: {}}
	}
	if _, ok := b.subjects[Everybody]; !ok {
		b.subjects[s] = struct{}{}
	}
}

func (c *Channel) notify() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run listens, and sends announcements and heartbeats, until ctx ends.
func (c *Channel) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { c.listen(ctx) })
	defer running.Wait()
	tick := time.NewTicker(heartbeatInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		case <-tick.C:
		}
		_ = c.Flush(ctx) // a failed batch is sent again
		c.sendHeartbeat(ctx)
		c.report(ctx)
	}
}

// Flush sends the waiting subjects. After an error they stay waiting.
func (c *Channel) Flush(ctx context.Context) error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	b := c.next
	if len(b.subjects) == 0 {
		c.mu.Unlock()
		return nil
	}
	c.next = newBatch()
	c.mu.Unlock()
	defer close(b.done)
	for _, text := range b.texts() {
		if err := c.publish(ctx, text); err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			for s := range b.subjects {
				c.next.add(s)
			}
			return err
		}
	}
	return nil
}

func (c *Channel) publish(ctx context.Context, text string) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	return c.transport.Publish(ctx, text)
}

func (b *batch) texts() []string {
	var all []string
	var text strings.Builder
	for s := range b.subjects {
		word := s.String()
		if text.Len() > 0 && text.Len()+1+len(word) > maxText {
			all = append(all, text.String())
			text.Reset()
		}
		if text.Len() == 0 {
			text.WriteString(version)
		}
		text.WriteByte(' ')
		text.WriteString(word)
	}
	return append(all, text.String())
}

// sendHeartbeat sends a heartbeat to this instance.
func (c *Channel) sendHeartbeat(ctx context.Context) {
	c.mu.Lock()
	if !c.listening {
		c.mu.Unlock()
		return
	}
	c.number++
	number := c.number
	c.sent[number%maxPending] = heartbeat{number, time.Now()}
	c.mu.Unlock()
	// A missing heartbeat shows the failure.
	_ = c.publish(ctx, version+" "+heartbeatPrefix+strconv.FormatUint(number, 10)+":"+c.name)
}

// receive handles a text. It ignores unknown texts.
func (c *Channel) receive(text string) {
	first, rest, _ := strings.Cut(text, " ")
	if first != version || len(text) > maxText {
		return
	}
	for word := range strings.SplitSeq(rest, " ") {
		if number, ok := strings.CutPrefix(word, heartbeatPrefix); ok {
			c.receiveHeartbeat(number)
		} else if s, ok := parseSubject(word); ok {
			c.forget(s)
		}
	}
}

func (c *Channel) receiveHeartbeat(text string) {
	text, name, _ := strings.Cut(text, ":")
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil || name != c.name {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.sent[number%maxPending]
	now := time.Now()
	if b.number != number || !c.listening || Age(now, b.at) > liveFor {
		return
	}
	if !c.Live(now) {
		c.forget(Everybody) // announcements may have been missed since it was last live
	} else if b.at.Before(*c.confirmed.Load()) {
		return
	}
	c.confirmed.Store(&b.at)
}

// listen calls Listen again after each failure.
func (c *Channel) listen(ctx context.Context) {
	pause := minPause
	for ctx.Err() == nil {
		err := c.transport.Listen(ctx, func() {
			pause = minPause
			c.setListening(true)
		}, c.receive)
		c.setListening(false)
		if errors.Is(err, errors.ErrUnsupported) {
			c.log.InfoContext(ctx, "instances can't be connected here, so each session is read from the database", "reason", err)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
}

// setListening drops the heartbeats and all cached state, because announcements may have been
// missed.
func (c *Channel) setListening(listening bool) {
	c.mu.Lock()
	c.listening = listening
	c.sent = [maxPending]heartbeat{}
	c.confirmed.Store(nil)
	c.forget(Everybody)
	c.mu.Unlock()
	if listening {
		c.notify()
	}
}

// report logs when the channel becomes live and when it goes down. It logs at most one warning per
// warningPause.
func (c *Channel) report(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	switch live := c.Live(now); {
	case live == c.wasLive || !live && now.Sub(c.warned) < warningPause:
	case live:
		c.wasLive = true
		c.log.InfoContext(ctx, "instances are connected, so sessions are cached for up to a second")
	default:
		c.wasLive, c.warned = false, now
		c.log.WarnContext(ctx, "instances aren't connected, so each session is read from the database")
	}
}

// Package invalidation lets instances tell each other whom something has changed about, so that they forget what they remember of
// them, and knows whether they would hear it. See docs/adr/0013-session-cache.md.
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
	// beatInterval is how often an instance says something to itself, all the way through the channel.
	beatInterval = 250 * time.Millisecond
	// liveFor is how long after a beat was sent, and has come back, the channel counts as live: two beats may get lost.
	liveFor = 750 * time.Millisecond
	// publishTimeout is when an attempt to publish is given up. By then nobody remembers what it was about.
	publishTimeout = 2 * time.Second
	// patience is how long a change waits for its announcement to be sent.
	patience = 25 * time.Millisecond
	// Between two attempts to listen.
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
	// warningPause is how long it isn't said again that the channel is lost.
	warningPause = time.Minute
)

const (
	// maxWaiting is how many subjects may wait to be announced. If there are more, everybody is.
	maxWaiting = 1000
	// maxText is the most that one text may have: PostgreSQL takes less than 8000 bytes.
	maxText = 7500
	// version is the first word of all texts.
	version = "1"
	// beatPrefix comes before the number of a beat and who sent it.
	beatPrefix = "beat:"
	// keptBeats is how many beats may be on their way.
	keptBeats = 8
)

// Name is that of the channel, where there are several.
const Name = "invalidation"

// Transport brings texts to all who listen, the sender included, and to each in the order in which they were sent.
type Transport interface {
	// Publish returns when a text is on its way, or an error.
	Publish(ctx context.Context, text string) error
	// Listen calls hear with each text until ctx ends or it can't go on, and before that ready when nothing that is published from
	// now on will be missed; again after each break. The error is errors.ErrUnsupported if it will never work.
	Listen(ctx context.Context, ready func(), hear func(text string)) error
}

// Channel is an instance's way to all others. A nil *Channel is never live and announces nothing.
type Channel struct {
	transport Transport
	log       *slog.Logger
	name      string // of this instance
	forget    func(Subject)
	confirmed atomic.Pointer[time.Time] // when the last beat that came back was sent; nil: none has
	wake      chan struct{}

	mu        sync.Mutex
	listening bool
	number    uint64 // of the last beat
	sent      [keptBeats]beat
	next      *batch
	wasLive   bool // when that was last looked at, to be logged
	warned    time.Time
}

type beat struct {
	number uint64
	at     time.Time
}

// batch is what is announced together.
type batch struct {
	subjects map[Subject]struct{}
	over     chan struct{} // closed when it was sent, or couldn't be
}

func newBatch() *batch { return &batch{map[Subject]struct{}{}, make(chan struct{})} }

// New returns a channel that nobody forgets anything by, until OnForget and Run are called.
func New(transport Transport, log *slog.Logger) *Channel {
	return &Channel{
		transport: transport, log: log, name: uuid.NewString(), forget: func(Subject) {}, wake: make(chan struct{}, 1), next: newBatch(),
	}
}

// OnForget says what is called with everyone about whom something has changed. It comes before all else.
func (c *Channel) OnForget(f func(Subject)) {
	if c != nil {
		c.forget = f
	}
}

// Live reports whether at this moment, which has to come from time.Now, everything would be heard that others announce.
func (c *Channel) Live(now time.Time) bool {
	if c == nil {
		return false
	}
	sent := c.confirmed.Load()
	return sent != nil && Age(now, *sent) <= liveFor
}

// Age is how long ago something was. Both times come from time.Now: the monotonic clock can't be set, and the wall clock goes on
// while the machine sleeps. The one that says more is right.
func Age(now, then time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}

// Announce makes everyone forget what they remember of a subject: this instance before it returns, the others soon. It comes after the
// transaction that changes something. It waits for a moment so that the others are told first, and not for long.
func (c *Channel) Announce(ctx context.Context, s Subject) {
	if c == nil {
		return
	}
	c.forget(s)
	c.mu.Lock()
	c.next.add(s)
	over := c.next.over
	c.mu.Unlock()
	c.rouse()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-over:
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

func (c *Channel) rouse() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run listens, and sends what is announced and a beat now and then, until ctx ends.
func (c *Channel) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { c.listen(ctx) })
	defer running.Wait()
	tick := time.NewTicker(beatInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		case <-tick.C:
		}
		_ = c.Flush(ctx) // what wasn't sent is tried again
		c.beat(ctx)
		c.report(ctx)
	}
}

// Flush sends what is waiting to be announced. After an error it waits on.
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
	defer close(b.over)
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

// beat says something to this instance itself.
func (c *Channel) beat(ctx context.Context) {
	c.mu.Lock()
	if !c.listening {
		c.mu.Unlock()
		return
	}
	c.number++
	number := c.number
	c.sent[number%keptBeats] = beat{number, time.Now()}
	c.mu.Unlock()
	_ = c.publish(ctx, version+" "+beatPrefix+strconv.FormatUint(number, 10)+":"+c.name) // if it doesn't come back, that says enough
}

// hear takes in a text. What isn't ours, or not understood, is left out.
func (c *Channel) hear(text string) {
	first, rest, _ := strings.Cut(text, " ")
	if first != version || len(text) > maxText {
		return
	}
	for word := range strings.SplitSeq(rest, " ") {
		if number, ok := strings.CutPrefix(word, beatPrefix); ok {
			c.hearBeat(number)
		} else if s, ok := parseSubject(word); ok {
			c.forget(s)
		}
	}
}

func (c *Channel) hearBeat(text string) {
	text, name, _ := strings.Cut(text, ":")
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil || name != c.name {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.sent[number%keptBeats]
	now := time.Now()
	if b.number != number || !c.listening || Age(now, b.at) > liveFor {
		return
	}
	if !c.Live(now) {
		c.forget(Everybody) // something may have been missed since it was live
	} else if b.at.Before(*c.confirmed.Load()) {
		return
	}
	c.confirmed.Store(&b.at)
}

// listen listens again after each break.
func (c *Channel) listen(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		err := c.transport.Listen(ctx, func() {
			pause = firstPause
			c.interrupted(true)
		}, c.hear)
		c.interrupted(false)
		if errors.Is(err, errors.ErrUnsupported) {
			c.log.InfoContext(ctx, "instances can't hear each other here, so the database is asked about each session", "reason", err)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// interrupted forgets what beats have shown, and everybody, because something may have been missed.
func (c *Channel) interrupted(listening bool) {
	c.mu.Lock()
	c.listening = listening
	c.sent = [keptBeats]beat{}
	c.confirmed.Store(nil)
	c.forget(Everybody)
	c.mu.Unlock()
	if listening {
		c.rouse()
	}
}

// report logs when the channel becomes live and when it is lost, but not each time that it comes and goes.
func (c *Channel) report(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	switch live := c.Live(now); {
	case live == c.wasLive || !live && now.Sub(c.warned) < warningPause:
	case live:
		c.wasLive = true
		c.log.InfoContext(ctx, "instances hear each other, so sessions are remembered for up to a second")
	default:
		c.wasLive, c.warned = false, now
		c.log.WarnContext(ctx, "instances don't hear each other, so the database is asked about each session")
	}
}

package isolation

import (
	"context"
	"sync"
)

// paused is an attempt whose request pauses on its way.
type paused struct {
	*attempt

	send     func(ctx context.Context) (reply, error)
	hold     func() (reached <-chan struct{}, release func())
	release  func() // resumes the request; may be called more than once
	answered chan error
	early    bool // it was answered before it paused
}

// begin sends the request and returns when it is paused or answered.
func (p *paused) begin(ctx context.Context) {
	p.answered = make(chan error, 1)
	var reached <-chan struct{}
	reached, p.release = p.hold()
	go func() {
		var err error
		p.got, err = p.send(ctx)
		p.answered <- err
	}()
	select {
	case <-reached:
	case err := <-p.answered:
		p.early = true
		p.answered <- err
	}
}

// end resumes the request and returns when it is answered.
func (p *paused) end() error {
	p.release()
	err := <-p.answered
	if id := p.got.header.Get("X-Request-Id"); id != "" {
		p.id = id // a proxy may have replaced the id
	}
	return err
}

// pauseBeforeBody returns a request that pauses when the server has begun to read its body.
func (m *Matrix) pauseBeforeBody(a *attempt) *paused {
	reached, released := make(chan struct{}), make(chan struct{})
	sent := a.request
	sent.beforeBody = func() {
		close(reached)
		<-released
	}
	return &paused{
		attempt: a,
		send:    func(ctx context.Context) (reply, error) { return m.client.send(ctx, sent) },
		hold:    func() (<-chan struct{}, func()) { return reached, sync.OnceFunc(func() { close(released) }) },
	}
}

// pauseBeforeHandler returns a request that pauses after its session was checked.
func (m *Matrix) pauseBeforeHandler(a *attempt) *paused {
	return &paused{
		attempt: a,
		send:    func(ctx context.Context) (reply, error) { return m.client.send(ctx, a.request) },
		hold:    func() (<-chan struct{}, func()) { return m.Hold(a.id) },
	}
}

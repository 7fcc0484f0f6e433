package app

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/tenantry/tenantry/internal/errs"
)

const (
	// shortageLogPeriod is how often a shortage of file descriptors is logged at most.
	shortageLogPeriod = time.Minute
	// refusalPatience bounds the time in which no other connection is accepted.
	refusalPatience = 100 * time.Millisecond
)

// descriptors is a listener that keeps one file descriptor back. When the process has no other one left, it answers new connections
// with 503, so that clients, and whoever asks for the health, don't wait for an answer in vain.
type descriptors struct {
	net.Listener

	log      *slog.Logger
	now      func() time.Time
	open     func() (*os.File, error)
	patience time.Duration // how long a refused connection may take to send a request
	reserve  *os.File      // nil: there is none left
	loggedAt time.Time     // of the last message
}

func newDescriptors(l net.Listener, log *slog.Logger) *descriptors {
	d := &descriptors{
		Listener: l, log: log, now: time.Now, patience: refusalPatience,
		open: func() (*os.File, error) { return os.Open(os.DevNull) },
	}
	d.keep()
	return d
}

// Accept returns the next connection that can be served. One goroutine at a time may call it.
func (d *descriptors) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err == nil || !isShortage(err) {
			return conn, err
		}
		d.tell(err)
		if d.reserve == nil {
			d.keep()
			return nil, err // net/http waits, and tries again
		}
		_ = d.reserve.Close()
		d.reserve = nil
		if conn, err = d.Listener.Accept(); err != nil {
			return nil, err
		}
		if d.keep() {
			return conn, nil // others have become free
		}
		refuseBusy(conn, d.patience)
		d.keep()
	}
}

// refuseBusy answers a connection with 503 and closes it. It waits for the request first: some clients take an answer that comes
// before they have asked for an error of the connection.
func refuseBusy(conn net.Conn, patience time.Duration) {
	until := time.Now().Add(patience)
	_ = conn.SetReadDeadline(until)
	_, _ = conn.Read(make([]byte, 1))
	_ = refuse(conn, errs.New(errs.Busy, "Too many connections are open here. Try again in a moment.").After(time.Second), time.Until(until))
	_ = conn.Close()
}

// keep opens the reserve, and reports whether there is one.
func (d *descriptors) keep() bool {
	d.reserve, _ = d.open()
	return d.reserve != nil
}

// tell logs a shortage, at most once a minute.
func (d *descriptors) tell(err error) {
	if now := d.now(); now.Sub(d.loggedAt) >= shortageLogPeriod {
		d.loggedAt = now
		d.log.Error("new connections are refused: the process has no file descriptors left", "error", err,
			"fix", "raise LimitNOFILE of the systemd unit (or ulimit -n), or lower the number of connections that the proxy opens")
	}
}

// isShortage reports whether an error means that the process or the machine has no file descriptors left.
func isShortage(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

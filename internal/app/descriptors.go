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
	// shortageLogPeriod is the least time between two log lines about a shortage of file
	// descriptors.
	shortageLogPeriod = time.Minute
	// refusalPatience limits the time in which no other connection is accepted.
	refusalPatience = 100 * time.Millisecond
)

// descriptors is a listener that reserves one file descriptor. When the process has no other one
// left, the listener answers new connections with 503, so that clients and health checks get an
// answer.
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

// Accept returns the next connection that can be served. It must not be called concurrently.
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

// refuseBusy answers a connection with 503 and closes it. It reads the request first, because some
// clients treat an earlier answer as a connection error.
func refuseBusy(conn net.Conn, patience time.Duration) {
	until := time.Now().Add(patience)
	_ = conn.SetReadDeadline(until)
	_, _ = conn.Read(make([]byte, 1))
	_ = refuse(conn, errs.New(errs.Busy, "Too many connections are open here. Try again in a moment.").After(time.Second), time.Until(until))
	_ = conn.Close()
}

// keep opens the reserved descriptor if necessary. It reports whether there is one.
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

// isShortage reports whether the process or the machine has no file descriptors left.
func isShortage(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

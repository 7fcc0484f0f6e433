package store

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func limitUnacknowledged(socket uintptr) {
	_ = unix.SetsockoptInt(int(socket), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unacknowledgedTimeout.Milliseconds()))
}

// silent reports whether nothing has arrived on a connection on which nothing should: not even its end.
func silent(c syscall.Conn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return true // unknown; the next answer will tell
	}
	var peek error
	// Not raw.Read: pgx may have left a reader behind, for whom that would wait.
	err = raw.Control(func(socket uintptr) {
		_, _, peek = unix.Recvfrom(int(socket), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
	})
	return err == nil && peek == unix.EAGAIN
}

package store

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func limitUnacknowledged(socket uintptr) {
	_ = unix.SetsockoptInt(int(socket), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unacknowledgedTimeout.Milliseconds()))
}

// silent reports whether an idle connection has received nothing, not even the end of the stream.
func silent(c syscall.Conn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return true // unknown; the next answer will tell
	}
	var peek error
	// raw.Read would block behind a reader that pgx may have left.
	err = raw.Control(func(socket uintptr) {
		_, _, peek = unix.Recvfrom(int(socket), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
	})
	return err == nil && peek == unix.EAGAIN
}

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// terminalSends reports whether the terminal itself sends the signal to the command: Ctrl-C reaches
// the whole foreground group. Some programs abort without cleaning up at a second interrupt.
func terminalSends(s os.Signal) bool {
	if s != os.Interrupt {
		return false
	}
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	foreground, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && foreground == unix.Getpgrp()
}

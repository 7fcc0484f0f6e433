package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// terminalSends reports whether the terminal sends the signal to the command as well: Ctrl-C goes
// to the whole foreground group, and some programs take a second interrupt for an order to drop
// everything.
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

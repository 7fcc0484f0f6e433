package main_test

import (
	"os"
	"syscall"
)

// endWithTests makes the kernel kill a process when the tests are gone, even when they had no
// chance to clean up.
func endWithTests() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// killAll kills a process, which may have ended by itself, and what it has started.
func killAll(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

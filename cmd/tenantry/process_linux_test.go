package main_test

import (
	"os"
	"syscall"
)

// endWithTests makes the kernel kill a process when the tests have ended, even if they couldn't
// clean up.
func endWithTests() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// killAll kills a process and its children. The process may have ended already.
func killAll(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

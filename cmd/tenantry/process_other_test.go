//go:build !linux

package main_test

import (
	"os"
	"syscall"
)

// endWithTests returns nil: there is no portable way to kill a process when the tests have ended.
func endWithTests() *syscall.SysProcAttr { return nil }

// killAll kills a process, which may have ended already. There is no portable way to kill its
// children.
func killAll(p *os.Process) { _ = p.Kill() }

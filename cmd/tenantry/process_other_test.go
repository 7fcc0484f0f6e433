//go:build !linux

package main_test

import (
	"os"
	"syscall"
)

// endWithTests would make the kernel kill a process when the tests are gone. There is no portable
// way.
func endWithTests() *syscall.SysProcAttr { return nil }

// killAll kills a process, which may have ended by itself. There is no portable way to kill what it
// has started.
func killAll(p *os.Process) { _ = p.Kill() }

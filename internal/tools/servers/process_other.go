//go:build !linux

package servers

import (
	"os"
	"syscall"
)

// Other systems have no parent-death signal. The servers end with the launcher, unless it is
// killed. Ctrl-C reaches them too, and root can't run them as another account.

func serverAttributes(*account, syscall.Signal) *syscall.SysProcAttr { return nil }

func commandAttributes() *syscall.SysProcAttr { return nil }

func killGroup(p *os.Process) error { return p.Kill() }

func endWithGoRun() {}

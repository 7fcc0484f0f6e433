package servers

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// serverAttributes starts a server as its account and in a process group of its own, which the
// terminal's Ctrl-C does not reach. It gets the signal when the launcher is gone.
func serverAttributes(owner *account, died syscall.Signal) *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: died}
	if owner != nil {
		attributes.Credential = &syscall.Credential{Uid: uint32(owner.uid), Gid: uint32(owner.gid)}
	}
	return attributes
}

// commandAttributes keeps the command in the terminal's foreground group and ends it when this
// process is gone.
func commandAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}

// killGroup kills a program that serverAttributes started, with what it has started itself.
func killGroup(p *os.Process) error {
	return syscall.Kill(-p.Pid, syscall.SIGKILL)
}

// endWithGoRun makes the end of a "go run" that started the launcher a SIGTERM for it, because go
// run passes no signal on. It has to be called on a thread that lives as long as the launcher.
func endWithGoRun() {
	parent := os.Getppid()
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", parent))
	if err != nil || strings.TrimSpace(string(name)) != "go" {
		return
	}
	_ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0, 0, 0)
	if os.Getppid() != parent { // it ended before the line above
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
	}
}

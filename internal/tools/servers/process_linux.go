package servers

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// serverAttributes run a server as its account and in its own process group, which Ctrl-C in the
// terminal doesn't reach. The server gets the signal died when the launcher has ended.
func serverAttributes(owner *account, died syscall.Signal) *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: died}
	if owner != nil {
		attributes.Credential = &syscall.Credential{Uid: uint32(owner.uid), Gid: uint32(owner.gid)}
	}
	return attributes
}

// commandAttributes run the command in the terminal's foreground group, and end it when this
// process has ended.
func commandAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}

// killGroup kills a program that was started with serverAttributes, and its children.
func killGroup(p *os.Process) error {
	return syscall.Kill(-p.Pid, syscall.SIGKILL)
}

// endWithGoRun sends a SIGTERM to the launcher when the "go run" that started it ends, because go
// run doesn't forward signals. It must be called on a thread that lives as long as the launcher.
func endWithGoRun() {
	parent := os.Getppid()
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", parent))
	if err != nil || strings.TrimSpace(string(name)) != "go" {
		return
	}
	_ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0, 0, 0)
	if os.Getppid() != parent { // it ended before the call above
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
	}
}

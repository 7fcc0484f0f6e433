package postgrestest

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// process is a running program. It is killed at the end of the test.
type process struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
}

func start(t testing.TB, account *syscall.Credential, dir, path string, args ...string) *process {
	t.Helper()
	log, err := os.CreateTemp(dir, filepath.Base(path)+"-*.log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p := &process{cmd: exec.Command(path, args...), log: log.Name(), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, log, log
	p.cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME="+dir, "TMPDIR="+dir)
	p.cmd.SysProcAttr = attributes(account)
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in cmd.ProcessState
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // PostgreSQL then cleans up after itself
		<-p.ended
	})
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func (p *process) output() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

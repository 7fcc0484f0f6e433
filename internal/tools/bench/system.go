package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/tenantry/tenantry/internal/tools/servers"
)

const (
	readyTimeout = 30 * time.Second
	endTimeout   = 20 * time.Second
)

// system is a running server that is measured.
type system struct {
	name string
	url  string
	pid  int
	cmd  *exec.Cmd
	log  string
	once sync.Once
}

var readyPattern = regexp.MustCompile(`is ready at (http://[^\s"]+)`)

// startSystem starts a server and waits until it reports that it is ready.
func startSystem(ctx context.Context, space *servers.Workspace, name, dir string, env []string, args ...string) (*system, error) {
	log, err := os.CreateTemp(dir, name+"-*.log")
	if err != nil {
		return nil, fmt.Errorf("make a log file: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, env, log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := space.Start(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	s := &system{name: name, pid: cmd.Process.Pid, cmd: cmd, log: log.Name()}
	ready := make(chan string, 1)
	go func() {
		defer close(ready)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if match := readyPattern.FindStringSubmatch(lines.Text()); match != nil {
				ready <- strings.Replace(match[1], "localhost", "127.0.0.1", 1)
				break
			}
		}
		_, _ = io.Copy(io.Discard, stdout)
	}()
	select {
	case s.url = <-ready:
	case <-time.After(readyTimeout):
	case <-ctx.Done():
	}
	if s.url == "" {
		_ = s.stop()
		return nil, fmt.Errorf("%s is not ready: %s", name, s.lastWords())
	}
	return s, nil
}

func (s *system) lastWords() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}

// stop asks the server to stop and waits for its end.
func (s *system) stop() error {
	s.once.Do(s.end)
	return nil
}

func (s *system) end() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // fails if it has ended
	timer := time.AfterFunc(endTimeout, func() { _ = s.cmd.Process.Kill() })
	defer timer.Stop()
	_ = s.cmd.Wait() // the exit status doesn't matter
}

// kill kills the server.
func (s *system) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// runTenantry runs a command of Tenantry and waits for its end.
func runTenantry(ctx context.Context, binary, dir string, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Env = dir, env
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("tenantry %s: %w: %s", strings.Join(args, " "), err, output)
	}
	return nil
}

// build builds Tenantry as make build does, into a folder.
func build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "tenantry")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "github.com/tenantry/tenantry/cmd/tenantry")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build tenantry: %w: %s", err, output)
	}
	return binary, nil
}

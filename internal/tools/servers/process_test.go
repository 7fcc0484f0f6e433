package servers

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// shellEngine is an engine whose server is a shell script.
func shellEngine(script string, probe func() (string, error)) Engine {
	return Engine{
		prepare: func(context.Context, *Workspace, string) (func(int) program, error) {
			return func(int) program {
				return program{path: "/bin/sh", args: []string{"-c", script}, stop: syscall.SIGTERM, died: syscall.SIGKILL}
			}, nil
		},
		URL:   func(addr, _ string) string { return "test://" + addr },
		Probe: func(context.Context, string, string) (string, error) { return probe() },
	}
}

func testWorkspace(t *testing.T) *Workspace {
	t.Helper()
	space, err := NewWorkspace("servers-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(space.Remove)
	return space
}

func TestFreePortCanBeBound(t *testing.T) {
	t.Parallel()
	var bindErr error
	for range portAttempts { // a program that starts at this moment can hold the port for an instant
		port, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		var listener net.Listener
		if listener, bindErr = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); bindErr == nil {
			listener.Close()
			return
		}
	}
	t.Errorf("none of %d free ports can be bound: %v", portAttempts, bindErr)
}

func TestServeTriesAnotherPort(t *testing.T) {
	t.Parallel()
	space := testWorkspace(t)
	marker := filepath.Join(space.dir, "second")
	script := "if [ -e '" + marker + "' ]; then echo up > '" + marker + "'; exec sleep 60; fi\n" +
		"touch '" + marker + "'; echo 'bind: Address already in use'; exit 1"
	s, err := space.Serve(t.Context(), shellEngine(script, func() (string, error) {
		if content, err := os.ReadFile(marker); err != nil || len(content) == 0 {
			return "", errors.New("not up")
		}
		return "Test 1", nil
	}))
	if err != nil {
		t.Fatalf("serve: %v, want a second attempt", err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestServeReturnsWhyTheServerEnded(t *testing.T) {
	t.Parallel()
	space := testWorkspace(t)
	_, err := space.Serve(t.Context(), shellEngine("echo the disk is full; exit 4", func() (string, error) {
		return "", errors.New("not up")
	}))
	if err == nil || !strings.Contains(err.Error(), "exit status 4") || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("error %v, want the exit status and the end of the server's output", err)
	}
}

func TestStopReturnsAnErrorIfTheServerHadEnded(t *testing.T) {
	t.Parallel()
	space := testWorkspace(t)
	running, err := space.start(program{path: "/bin/sh", args: []string{"-c", "echo out of memory; exit 1"}})
	if err != nil {
		t.Fatal(err)
	}
	<-running.ended
	if err := running.end(); err == nil || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("error %v, want the end of the server's output", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	space := testWorkspace(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := space.run(ctx, program{path: "/bin/sh", args: []string{"-c", "exec sleep 60"}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

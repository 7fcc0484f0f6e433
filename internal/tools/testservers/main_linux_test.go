package main

import (
	"bufio"
	"net"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/tools/servers"
)

func TestKilledLauncherLeavesNoServer(t *testing.T) {
	t.Parallel()
	addr, cmd := launchRedis(t)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for answers(addr) {
		select {
		case <-deadline:
			t.Fatalf("a server still answers on %s, want none after the launcher was killed", addr)
		case <-tick.C:
		}
	}
}

func TestServerEndsWithTheCommand(t *testing.T) {
	t.Parallel()
	addr, cmd := launchRedis(t)
	if err := cmd.Process.Signal(endSignals()[0]); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // a signal ended the command
	if answers(addr) {
		t.Errorf("a server still answers on %s, want none after the launcher has ended", addr)
	}
}

// launchRedis starts the launcher with a private Redis and a command that doesn't end. It returns
// the address of Redis.
func launchRedis(t *testing.T) (string, *exec.Cmd) {
	t.Helper()
	if err := servers.Redis().Find(); err != nil {
		t.Skipf("needs Redis: %v", err)
	}
	cmd := launch(t, []string{"PATH=/usr/bin:/bin", givenPostgres, givenMySQL, givenChromium}, "--",
		"/bin/sh", "-c", "echo $TEST_REDIS_URL; exec sleep 60")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("read the command's output: %v", err)
	}
	u, err := url.Parse(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if !answers(u.Host) {
		t.Fatalf("nothing answers on %s, want Redis", u.Host)
	}
	return u.Host, cmd
}

func answers(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

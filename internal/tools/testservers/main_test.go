package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asLauncher is the environment variable that makes the test binary run as the launcher.
const asLauncher = "TESTSERVERS_TEST_AS_LAUNCHER"

func TestMain(m *testing.M) {
	if os.Getenv(asLauncher) != "" {
		os.Unsetenv(asLauncher)
		main()
	}
	os.Exit(m.Run())
}

// Servers that the launcher does not have to start.
const (
	givenPostgres = "TEST_POSTGRES_URL=postgres://given"
	givenMySQL    = "TEST_MYSQL_URL=mysql://given"
	givenRedis    = "TEST_REDIS_URL=redis://given"
	givenChromium = "TEST_CHROMIUM=/given"
)

// launchTimeout ends a launcher that hangs.
const launchTimeout = 2 * time.Minute

// launch returns a command that runs the launcher with exactly this environment.
func launch(t *testing.T, environment []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Unlike t.TempDir, the accounts that root runs servers as can open it.
	temp, err := os.MkdirTemp("", "testservers-test-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	if err := os.Chmod(temp, 0o711); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), launchTimeout)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = slices.Concat(environment, []string{asLauncher + "=1", "TMPDIR=" + temp})
	return cmd
}

func status(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err == nil {
		return 0
	}
	if !errors.As(err, &exit) {
		t.Fatalf("run the launcher: %v", err)
	}
	return exit.ExitCode()
}

func TestExitStatus(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args []string
		want int
	}{
		"success":          {[]string{"--", "/bin/sh", "-c", "exit 0"}, 0},
		"the command's":    {[]string{"--", "/bin/sh", "-c", "exit 7"}, 7},
		"without dashes":   {[]string{"/bin/sh", "-c", "exit 7"}, 7},
		"ended by SIGKILL": {[]string{"--", "/bin/sh", "-c", "kill -9 $$"}, 137},
		"no such command":  {[]string{"--", "/nonexistent/command"}, statusNotFound},
		"no command":       {[]string{"--"}, statusUsage},
		"unknown flag":     {[]string{"-nonesuch"}, statusUsage},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := launch(t, []string{givenPostgres, givenMySQL, givenRedis, givenChromium}, test.args...).Run()
			if got := status(t, err); got != test.want {
				t.Errorf("exit status %d, want %d", got, test.want)
			}
		})
	}
}

func TestGivenURLsReachTheCommand(t *testing.T) {
	t.Parallel()
	cmd := launch(t, []string{givenPostgres, givenMySQL, givenRedis, givenChromium}, "--",
		"/bin/sh", "-c", "echo $TEST_POSTGRES_URL $TEST_MYSQL_URL $TEST_REDIS_URL $TEST_CHROMIUM")
	got, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "postgres://given mysql://given redis://given /given\n"; string(got) != want {
		t.Errorf("the command got %q, want %q", got, want)
	}
}

func TestMissingEngineIsReportedBeforeAndAfter(t *testing.T) {
	t.Parallel()
	cmd := launch(t, []string{"PATH=" + t.TempDir(), givenPostgres, givenMySQL, givenChromium}, "--", "/bin/sh", "-c", "echo command >&2; exit 3")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if got := status(t, cmd.Run()); got != 3 {
		t.Errorf("exit status %d, want the command's, 3", got)
	}
	before, after, ran := strings.Cut(stderr.String(), "command\n")
	if !ran {
		t.Fatalf("the command was not run: %s", stderr.String())
	}
	if !strings.Contains(before, "REDIS WILL NOT BE TESTED: its program redis-server was not found") {
		t.Errorf("before the command: %q, want REDIS WILL NOT BE TESTED with the reason", before)
	}
	if !strings.Contains(after, "REDIS WAS NOT TESTED") || !strings.Contains(after, "set TEST_REDIS_URL") {
		t.Errorf("after the command: %q, want REDIS WAS NOT TESTED and what to do", after)
	}
}

func TestMissingEngineFailsInCI(t *testing.T) {
	t.Parallel()
	cmd := launch(t, []string{"CI=true", "PATH=" + t.TempDir(), givenPostgres, givenMySQL, givenChromium}, "--", "/bin/sh", "-c", "echo command")
	output, err := cmd.CombinedOutput()
	if got := status(t, err); got != statusFailure {
		t.Errorf("exit status %d, want %d", got, statusFailure)
	}
	if strings.Contains(string(output), "command\n") || !strings.Contains(string(output), "CI=true") {
		t.Errorf("output %q, want an error that names CI=true, and no command", output)
	}
}

func TestSignalReachesTheCommand(t *testing.T) {
	t.Parallel()
	cmd := launch(t, []string{"PATH=/usr/bin:/bin", givenPostgres, givenMySQL, givenRedis, givenChromium}, "--",
		"/bin/sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatalf("read the command's output: %q, %v", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := status(t, cmd.Wait()); got != 9 {
		t.Errorf("exit status %d, want 9, which the command gives after SIGTERM", got)
	}
}

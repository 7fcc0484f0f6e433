package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/tenantry/tenantry/internal/tools/servers"
)

// runCommand runs the command, forwards signals to it, and returns its exit status as a shell
// would. The error says why it couldn't be run.
func runCommand(space *servers.Workspace, args, environment []string, signals <-chan os.Signal) (int, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = environment
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := space.Start(cmd); err != nil {
		return statusFailure, fmt.Errorf("run %s: %w", args[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if terminalSends(s) {
				continue
			}
			// It fails only if the command has just ended.
			_ = cmd.Process.Signal(s)
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return statusFailure, fmt.Errorf("wait for %s: %w", args[0], err)
			}
			return exitStatus(cmd.ProcessState), nil
		}
	}
}

// exitStatus returns the exit status; for a process that a signal ended, 128 plus the signal's
// number.
func exitStatus(state *os.ProcessState) int {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return signalStatus(ws.Signal())
	}
	return state.ExitCode()
}

func signalStatus(s os.Signal) int {
	number, ok := s.(syscall.Signal)
	if !ok {
		return statusFailure
	}
	return 128 + int(number)
}

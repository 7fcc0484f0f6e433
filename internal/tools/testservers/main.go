// Testservers runs a command, usually go test, with private servers of PostgreSQL, MariaDB or
// MySQL, and Redis, and with a Chromium:
//
//	go run ./internal/tools/testservers -- go test ./...
//
// The command gets their URLs in TEST_POSTGRES_URL, TEST_MYSQL_URL and TEST_REDIS_URL. Variables
// that are already set aren't changed. The other servers are started from installed programs, on a
// free port of 127.0.0.1, with their data in a temporary folder. As root on Debian or Ubuntu,
// missing programs are installed. Otherwise Docker is used. TEST_CHROMIUM is the path of an
// installed Chromium or Chrome, which tests start themselves; Docker can't provide it. Missing
// engines are reported before and after the command. With CI=true, a missing engine is an error and
// the command doesn't run.
//
// The exit status is that of the command, or 128 plus the signal that ended it. (go run turns every
// failure into 1; if the difference matters, build the program.) The servers end with the launcher,
// on Linux even if it is killed. After a SIGKILL only the temporary folder and Docker's containers
// may remain.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/tenantry/tenantry/internal/tools/servers"
)

const (
	statusFailure  = 1   // the launcher failed
	statusUsage    = 2   // wrong arguments
	statusNotFound = 127 // the command doesn't exist, as in shells
)

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

// run executes the launcher and returns its exit status.
func run(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("testservers", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: testservers -- command [argument ...]\n"+
			"Runs the command with TEST_POSTGRES_URL, TEST_MYSQL_URL and TEST_REDIS_URL set to private servers,\n"+
			"and TEST_CHROMIUM to an installed Chromium.")
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return statusUsage
	}
	if flags.NArg() == 0 {
		flags.Usage()
		return statusUsage
	}
	if _, err := exec.LookPath(flags.Arg(0)); err != nil {
		fmt.Fprintln(stderr, "testservers:", err)
		return statusNotFound
	}

	// Signals have two receivers: one interrupts the start of the servers, the other forwards
	// signals to the command.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, endSignals()...)
	starting, started := signal.NotifyContext(context.Background(), endSignals()...)
	defer started()

	space, err := servers.NewWorkspace("testservers")
	if err != nil {
		fmt.Fprintln(stderr, "testservers:", err)
		return statusFailure
	}
	defer space.Remove()
	l := &launcher{stderr: stderr, space: space}
	defer l.stop()

	l.provide(starting, engines())
	if starting.Err() != nil {
		return signalStatus(<-signals)
	}
	l.report("WILL NOT BE TESTED")
	if inCI, _ := strconv.ParseBool(os.Getenv("CI")); inCI && len(l.untested) > 0 {
		fmt.Fprintln(stderr, "testservers: the command was not run, because with CI=true every engine has to be tested.")
		return statusFailure
	}

	status, err := runCommand(space, flags.Args(), append(os.Environ(), l.environment...), signals)
	if err != nil {
		fmt.Fprintln(stderr, "testservers:", err)
	}
	l.report("WAS NOT TESTED")
	return status
}

// endSignals are the signals that end the launcher, except those that its parent made it ignore (as
// nohup does).
func endSignals() []os.Signal {
	var wanted []os.Signal
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			wanted = append(wanted, s)
		}
	}
	return wanted
}

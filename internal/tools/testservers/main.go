// Testservers runs a command, usually go test, with a PostgreSQL, a MariaDB or MySQL and a Redis
// server of its own, and with a Chromium:
//
//	go run ./internal/tools/testservers -- go test ./...
//
// The command finds them in TEST_POSTGRES_URL, TEST_MYSQL_URL and TEST_REDIS_URL. A variable that
// is set already is left as it is. For the others a private server is started from installed
// programs, on a free port of 127.0.0.1 and with its data in a temporary folder; root on Debian or
// Ubuntu gets missing programs installed; else Docker is asked. TEST_CHROMIUM is the path of an
// installed Chromium or Chrome, which tests start themselves; Docker is no help there. An engine
// that can't be had is named loudly before and after the command, and with CI=true the command does
// not run.
//
// The exit status is the command's, or 128 plus the signal that ended it. (go run turns every
// failure into 1; build the program where the difference matters.) The servers end with the
// launcher, on Linux even when it is killed; after a SIGKILL the temporary folder and Docker's
// containers are the only things that can remain.
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
	statusFailure  = 1   // the launcher could not do its part
	statusUsage    = 2   // it was called wrongly
	statusNotFound = 127 // there is no such command, as shells report it
)

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

// run does everything between the command line and the exit status.
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

	// Two subscriptions: one ends the start of the servers early, the other is passed on to the
	// command.
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

// endSignals are those that ask the launcher to end, without the ones its parent made it ignore (as
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

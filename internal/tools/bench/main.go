// Bench compares Tenantry with all features against a bare handler: net/http and pgx that do the
// same work on the same PostgreSQL without features. It prints tables as Markdown. make bench runs
// it:
//
//	go run ./internal/tools/bench
//
// It starts private servers with default settings, so that PostgreSQL waits for the disk, and the
// load generator wrk. As root on Debian it installs missing programs. It runs on Linux only,
// because it measures processor times and memory of processes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tenantry/tenantry/internal/tools/servers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err == nil {
		return
	}
	if !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	os.Exit(1)
}

// options are the options of the command line.
type options struct {
	rounds      int
	duration    time.Duration
	connections int
	threads     int
	pool        int
	soak        time.Duration
	rate        float64 // requests per second of the soak; 0 is a share of the measured capacity
	only        map[string]bool
	against     string // path of another build of Tenantry; "" is the bare handler
}

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == "bare" { // this program also serves as the bare handler
		return serveBare(ctx)
	}
	var opts options
	var only string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&opts.rounds, "rounds", 5, "number of measurements of each work on each server, in turn")
	seconds := flags.Int("seconds", 8, "duration of each measurement")
	flags.IntVar(&opts.connections, "connections", 64, "connections of the load")
	flags.IntVar(&opts.threads, "threads", 2, "threads of the load")
	flags.IntVar(&opts.pool, "pool", 20, "connections of each server to the database")
	flags.StringVar(&only, "only", "", "measure only these parts, separated by commas: "+strings.Join(partNames(), ", "))
	flags.StringVar(&opts.against, "against", "", "path of another build of Tenantry to compare with instead of the bare handler")
	flags.DurationVar(&opts.soak, "soak", 0, "duration of mixed traffic instead of the measurements")
	flags.Float64Var(&opts.rate, "rate", 0, "requests per second of the mixed traffic; 0 is 80 % of the server's measured capacity")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp // flags has printed the error
	}
	opts.duration = time.Duration(*seconds) * time.Second
	var err error
	if opts.only, err = chosen(only); err != nil {
		return err
	}
	if opts.rounds < 1 || *seconds < 1 || opts.threads < 1 || opts.connections < opts.threads || opts.pool < 1 || opts.rate < 0 || opts.soak < 0 || flags.NArg() > 0 {
		return errors.New("rounds, seconds, threads and pool must be at least 1, connections at least threads, soak and rate not negative, and there are no arguments")
	}
	return measure(ctx, opts)
}

// parts are the measurements in addition to the works.
var parts = []string{"start", "redis", "sqlite", "mariadb", "storm", "hostile"}

func partNames() []string {
	var names []string
	for _, w := range works {
		names = append(names, w.name)
	}
	return append(names, parts...)
}

// wants reports whether a part is measured. Measurements with Redis and on other engines use the
// chosen works.
func (o options) wants(part string) bool { return o.only[part] }

// chosen returns the parts in a list separated by commas. An empty list has all parts; a list
// without a work has all works.
func chosen(list string) (map[string]bool, error) {
	wanted, hasWork := map[string]bool{}, false
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if !slices.Contains(partNames(), name) {
			return nil, fmt.Errorf("-only has an unknown part %q; known parts are %s", name, strings.Join(partNames(), ", "))
		}
		wanted[name] = true
		hasWork = hasWork || !slices.Contains(parts, name)
	}
	for _, name := range partNames() {
		if len(list) == 0 || !hasWork && (wanted["redis"] || wanted["sqlite"] || wanted["mariadb"]) && !slices.Contains(parts, name) {
			wanted[name] = true
		}
	}
	return wanted, nil
}

// measure starts the servers, measures, and removes everything.
func measure(ctx context.Context, opts options) (err error) {
	if err := provide(ctx, opts); err != nil {
		return err
	}
	space, err := servers.NewWorkspace("bench")
	if err != nil {
		return err
	}
	defer space.Remove()
	b := &bench{options: opts, space: space}
	defer func() { err = errors.Join(err, b.stop()) }()
	dir, err := space.Dir("wrk")
	if err != nil {
		return err
	}
	if b.wrk, err = newWrk(dir, opts.connections, opts.threads); err != nil {
		return err
	}
	return b.run(ctx)
}

// provide installs missing programs.
func provide(ctx context.Context, opts options) error {
	var packages []string
	for part, e := range map[string]servers.Engine{"": servers.Postgres(), "redis": servers.Redis(), "mariadb": servers.MySQL()} {
		if (part == "" || opts.wants(part)) && e.Find() != nil {
			packages = append(packages, e.Debian)
		}
	}
	if servers.Lacks("wrk") {
		packages = append(packages, "wrk")
	}
	if len(packages) == 0 {
		return nil
	}
	if !servers.CanInstall() {
		return fmt.Errorf("install %s", strings.Join(packages, ", "))
	}
	sayf("installing %s", strings.Join(packages, ", "))
	return servers.Install(ctx, packages)
}

func sayf(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

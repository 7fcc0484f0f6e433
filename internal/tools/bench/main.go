// Bench measures Tenantry with everything on against the practical limit: a bare handler of
// net/http and pgx that does the same work on the same PostgreSQL without any of the features. It
// prints its tables as Markdown. make bench runs it:
//
//	go run ./internal/tools/bench
//
// It gets what it needs by itself: private servers with their own defaults, so that PostgreSQL
// waits for the disk; and wrk. Where programs are missing, root on Debian gets them installed.
// Linux only, for the times and sizes of processes.
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

// options are what the command line says.
type options struct {
	rounds      int
	duration    time.Duration
	connections int
	threads     int
	pool        int
	soak        time.Duration
	rate        float64 // of the soak; 0 for a share of what is measured first
	only        map[string]bool
	against     string // path of another build of Tenantry; empty: the bare handler
}

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == "bare" { // this program again, as the other server
		return serveBare(ctx)
	}
	var opts options
	var only string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&opts.rounds, "rounds", 5, "how often each work is measured on each server, in turn")
	seconds := flags.Int("seconds", 8, "how long each measurement takes")
	flags.IntVar(&opts.connections, "connections", 64, "connections of the load")
	flags.IntVar(&opts.threads, "threads", 2, "threads of the load")
	flags.IntVar(&opts.pool, "pool", 20, "connections of each server to the database")
	flags.StringVar(&only, "only", "", "only these, separated by commas: "+strings.Join(partNames(), ", "))
	flags.StringVar(&opts.against, "against", "", "compare with another build of Tenantry, by its path, instead of the bare handler")
	flags.DurationVar(&opts.soak, "soak", 0, "instead of all that, mixed traffic for so long")
	flags.Float64Var(&opts.rate, "rate", 0, "requests a second of the mixed traffic; 0 is 80 % of what the server turns out to do")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp // it has been told
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

// parts are what can be measured beside the works.
var parts = []string{"start", "redis", "sqlite", "mariadb", "storm", "hostile"}

func partNames() []string {
	var names []string
	for _, w := range works {
		names = append(names, w.name)
	}
	return append(names, parts...)
}

// wants reports whether a part is to be measured. Those with Redis and on other engines are of the
// works that are wanted.
func (o options) wants(part string) bool { return o.only[part] }

// chosen are the parts of a list with commas; all for an empty one, and all works if it has none.
func chosen(list string) (map[string]bool, error) {
	wanted, hasWork := map[string]bool{}, false
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if !slices.Contains(partNames(), name) {
			return nil, fmt.Errorf("-only knows no %q, but %s", name, strings.Join(partNames(), ", "))
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

// measure gets the servers, measures, and takes everything away again.
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

// provide installs what is missing.
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

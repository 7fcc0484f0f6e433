// Check tests the changes since a commit within a minute. The commit is HEAD, or that of -base.
//
//	go run ./internal/tools/check
//
// It runs go vet, the linters and the tests of the changed packages, then the tests of the packages
// that import them until the minute is over. Tests run on SQLite only. It prints what was left out;
// make test and make verify check everything.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// limit is the time after which no more tests of importers are started.
const limit = 50 * time.Second

// serverVariables are the variables that name servers of other engines. Tests don't get them.
var serverVariables = []string{"TEST_POSTGRES_URL", "TEST_MYSQL_URL", "TEST_REDIS_URL", "TEST_CHROMIUM", "CI"}

func main() {
	base := flag.String("base", "HEAD", "commit with which the working tree is compared")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := check(ctx, *base, time.Now().Add(limit)); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has been called
	}
}

func check(ctx context.Context, base string, until time.Time) error {
	files, err := changedFiles(ctx, base)
	if err != nil {
		return err
	}
	tree, err := readTree(ctx)
	if err != nil {
		return err
	}
	changed := tree.changed(files)
	if len(changed) == 0 {
		fmt.Println("No package has changed.")
		return nil
	}
	lint := []string{"go", "tool", "-modfile=tools.mod", "golangci-lint", "run", "--allow-parallel-runners", "--new-from-rev", base}
	for _, command := range [][]string{
		append([]string{"go", "vet"}, changed...),
		append(lint, changed...),
		append([]string{"go", "test", "-vet=off"}, changed...),
	} {
		if err := run(ctx, command); err != nil {
			return err
		}
	}
	return testImporters(ctx, tree.importers(changed), until)
}

// testImporters tests one package after the other until the time is over, and prints those that are
// left.
func testImporters(ctx context.Context, importers []string, until time.Time) error {
	for i, p := range importers {
		limited, cancel := context.WithDeadline(ctx, until)
		err := run(limited, []string{"go", "test", "-vet=off", p})
		isOver := limited.Err() != nil && ctx.Err() == nil
		cancel()
		if isOver {
			fmt.Println("Not tested for lack of time:", strings.Join(importers[i:], " "))
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func run(ctx context.Context, command []string) error {
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.Env = append(slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(serverVariables, name)
	}), "CGO_ENABLED=0")
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // go test then ends its tests
	c.WaitDelay = 5 * time.Second
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(command[:min(len(command), 3)], " "), err)
	}
	return nil
}

// changedFiles returns the files that differ from a commit, including new and deleted ones.
func changedFiles(ctx context.Context, base string) ([]string, error) {
	differing, err := lines(ctx, "git", "diff", "--name-only", "--no-renames", base)
	if err != nil {
		return nil, err
	}
	untracked, err := lines(ctx, "git", "ls-files", "--others", "--exclude-standard")
	return append(differing, untracked...), err
}

func lines(ctx context.Context, name string, args ...string) ([]string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%s: %w: %s", name, err, failed.Stderr)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' }), err
}

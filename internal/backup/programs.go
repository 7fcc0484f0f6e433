package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenantry/tenantry/internal/store"
)

const (
	// killDelay is the time between asking a program to stop and killing it.
	killDelay = 10 * time.Second
	// maxProgramOutput is how many of the last bytes of a program's output an error quotes.
	maxProgramOutput = 2000
)

// program is one of the engine's own programs, such as pg_dump.
type program struct {
	path string
	args []string // the first arguments of every call
	env  []string
	file *os.File // an open file that it inherits, if any
}

// find returns the first of the programs that is installed. It returns an error if the program is
// older than the server, because it may leave out newer features. parts is the number of parts of
// the version that are compared.
func find(ctx context.Context, server string, parts int, names ...string) (program, error) {
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		output, err := exec.CommandContext(ctx, path, "--version").Output()
		if err != nil {
			return program{}, fmt.Errorf("%s --version: %w", path, err)
		}
		own := programVersion(string(output), parts)
		if own == nil {
			return program{}, fmt.Errorf("%s doesn't print its version: %s", path, bytes.TrimSpace(output))
		}
		sameKind := strings.Contains(string(output), "MariaDB") == strings.Contains(server, "MariaDB")
		if sameKind && slices.Compare(own, numbers(server, parts)) < 0 {
			return program{}, fmt.Errorf("%s is older than the server, which has version %s: %s", path, server, bytes.TrimSpace(output))
		}
		return program{path: path, env: environment()}, nil
	}
	return program{}, fmt.Errorf("%s is not installed; it comes with the clients of the database", names[0])
}

// releaseVersion matches the version of the release, which has three parts. Two programs of MariaDB
// print their own version before it.
var releaseVersion = regexp.MustCompile(`\d+\.\d+\.\d+`)

func programVersion(output string, parts int) []int {
	if release := releaseVersion.FindString(output); release != "" {
		return numbers(release, parts)
	}
	return numbers(regexp.MustCompile(`\d+(?:\.\d+)*`).FindString(output), parts)
}

// numbers returns the first parts of a version as numbers.
func numbers(version string, parts int) []int {
	var list []int
	for _, digits := range regexp.MustCompile(`\d+`).FindAllString(version, parts) {
		n, err := strconv.Atoi(digits)
		if err != nil {
			return nil
		}
		list = append(list, n)
	}
	return list
}

// environment returns the environment variables that a program needs, without our secrets.
func environment() []string {
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if slices.Contains([]string{"PATH", "HOME", "TMPDIR", "LANG"}, name) || strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "PGSSL") {
			env = append(env, entry)
		}
	}
	return env
}

// run runs the program to its end. Its error quotes the end of the program's output.
func (p program) run(ctx context.Context, stdin io.Reader, stdout io.Writer, args ...string) error {
	var words bytes.Buffer
	cmd := exec.CommandContext(ctx, p.path, append(slices.Clone(p.args), args...)...) //nolint:gosec // found by name
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.env, stdin, stdout, &words
	if p.file != nil && runtime.GOOS != "windows" {
		cmd.ExtraFiles = []*os.File{p.file}
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = killDelay
	err := cmd.Run()
	if ctx.Err() != nil {
		return errors.New("stopped as asked")
	}
	if err != nil {
		text := strings.TrimSpace(words.String())
		return fmt.Errorf("%s: %w: %s", p.path, err, text[max(0, len(text)-maxProgramOutput):])
	}
	return nil
}

// postgres returns a PostgreSQL program that is set up to connect to the database.
func postgres(ctx context.Context, s *store.Store, server, name string) (program, string, error) {
	settings, err := s.ClientSettings()
	if err != nil {
		return program{}, "", err
	}
	p, err := find(ctx, server, 1, name)
	p.env = append(p.env, settings.Environment...)
	return p, settings.Database, err
}

// mysql returns a program of MariaDB or MySQL that is set up to connect to the database, and a
// function that removes its option file.
func mysql(ctx context.Context, s *store.Store, server, ofMariaDB, ofMySQL string) (p program, database string, remove func(), err error) {
	settings, err := s.ClientSettings()
	if err != nil {
		return program{}, "", nil, err
	}
	names := []string{ofMariaDB, ofMySQL}
	if !strings.Contains(server, "MariaDB") {
		slices.Reverse(names)
	}
	if p, err = find(ctx, server, 2, names...); err != nil {
		return program{}, "", nil, err
	}
	file, name, remove, err := passedFile(settings.OptionFile)
	if err != nil {
		return program{}, "", nil, err
	}
	p.file, p.args = file, []string{"--defaults-extra-file=" + name}
	return p, settings.Database, remove, nil
}

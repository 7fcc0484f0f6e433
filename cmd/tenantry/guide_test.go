package main_test

import (
	"bufio"
	"errors"
	"fmt"
	"go/format"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/store/storetest"
)

// guide is a document whose blocks run in order in one shell, as a reader would run them. The
// words after the opening backticks say what a block means:
//
//	sh           is run and must succeed. A server that its last line starts keeps running
//	json output  is the output of the previous block; also http, text, ... See dots
//	diff FILE    changes a file: the lines that begin with a space or - must occur there once
//	go FILE      is a new file; also ts, yaml, sql, ...
//	go in FILE   quotes a source file; see TestQuotesAreInTheirFiles
//
// Any other block fails the test.
type guide struct {
	*installation

	file    string
	replace []string          // old, new, ...: texts that differ in a test, such as the server's address
	leave   map[string]string // blocks that aren't run: a text in the block, and the reason

	bash    *os.Process
	input   io.Writer
	printed *bufio.Reader
	folder  string // the shell's current folder
	state   string // the file with its variables
	last    string // the output of the last block
}

const (
	guideTime = 10 * time.Minute // per block: a compiler may start with an empty cache
	guideHost = "http://localhost:8000"
	blockEnd  = "-- end of block --"
)

// serverStart matches the end of a block that starts a server.
var serverStart = regexp.MustCompile(`(?m)^(make run|(bin/)?tenantry serve.*)\n\z`)

// run runs all blocks.
func (g *guide) run() {
	g.t.Helper()
	for _, program := range []string{"bash", "curl", "git", "jq", "make"} {
		storetest.RequireProgram(g.t, program, g.file)
	}
	g.open()
	unused := make(map[string]bool)
	for text := range g.leave {
		unused[text] = true
	}
	var before fence
	for _, f := range fences(g.t, g.file) {
		if text, left := g.left(f); left {
			delete(unused, text)
			continue
		}
		here := strings.NewReplacer(g.replace...)
		f.text, f.target = here.Replace(f.text), here.Replace(f.target)
		g.block(f, before)
		before = f
	}
	for text := range unused {
		g.t.Errorf("%s no longer has a block with %q", g.file, text)
	}
}

func (g *guide) left(f fence) (string, bool) {
	for text := range g.leave {
		if strings.Contains(f.text, text) {
			return text, true
		}
	}
	return "", false
}

func (g *guide) block(f, before fence) {
	g.t.Helper()
	if _, quoted := f.quoted(); quoted {
		return
	}
	path := filepath.Join(g.folder, f.target)
	switch {
	case f.target == shownOutput && before.language == "sh":
		if d := mismatch(f.language, f.text, g.last); d != "" {
			g.t.Fatalf("%s:%d: %s\n--- shown\n%s--- printed\n%s", f.file, f.line, d, f.text, g.last)
		}
	case f.target == shownOutput:
		g.t.Fatalf("%s:%d: no block before this output prints anything", f.file, f.line)
	case f.language == "diff" && f.target != "":
		if err := edit(path, f.text); err != nil {
			g.t.Fatalf("%s:%d: %v", f.file, f.line, err)
		}
	case f.target != "":
		if err := create(path, f.text); err != nil {
			g.t.Fatalf("%s:%d: %v", f.file, f.line, err)
		}
	case f.language == "sh" && serverStart.MatchString(f.text):
		g.serveBlock(f)
	case f.language == "sh":
		g.last = g.shellBlock(f)
	default:
		g.t.Fatalf("%s:%d: unknown kind of block %q", f.file, f.line, f.language)
	}
}

// open starts the shell in the installation's folder.
func (g *guide) open() {
	g.t.Helper()
	aside := g.t.TempDir()
	g.state, g.folder = filepath.Join(aside, "state"), g.dir
	if err := os.Symlink(binary, filepath.Join(aside, "tenantry")); err != nil {
		g.t.Fatal(err)
	}
	g.installation = g.with("PATH="+aside+":"+os.Getenv("PATH"), "HOME="+os.Getenv("HOME")).with(toolchain()...)
	bash := exec.Command("bash", "--noprofile", "--norc")
	bash.Dir, bash.Env, bash.SysProcAttr = g.dir, g.env, endWithTests()
	input, err := bash.StdinPipe()
	if err != nil {
		g.t.Fatal(err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		g.t.Fatal(err)
	}
	bash.Stdout, bash.Stderr = writer, writer
	if err := bash.Start(); err != nil {
		g.t.Fatal(err)
	}
	_ = writer.Close()
	g.bash, g.input, g.printed = bash.Process, input, bufio.NewReader(reader)
	g.t.Cleanup(func() {
		killAll(bash.Process)
		_ = bash.Wait()
		_ = reader.Close()
	})
	fmt.Fprintf(g.input, "set -euo pipefail\n")
	g.shellBlock(fence{file: g.file, text: "export -p > " + g.state + "\n"})
}

// toolchain returns the environment variables that compilers and package managers need.
func toolchain() []string {
	var list []string
	for _, entry := range os.Environ() {
		if regexp.MustCompile(`(?i)^(GO|CGO_|NPM_CONFIG_|NODE_|XDG_|TMPDIR=|HTTPS?_PROXY=|NO_PROXY=|SSL_CERT_)`).MatchString(entry) {
			list = append(list, entry)
		}
	}
	// The tests' own build has verified the modules already. With -trimpath, builds of copies share
	// the cache.
	return append(list, "GOSUMDB=off", "GOFLAGS=-trimpath "+os.Getenv("GOFLAGS"), "CGO_ENABLED=0")
}

// shellBlock runs a block and returns its output.
func (g *guide) shellBlock(f fence) string {
	g.t.Helper()
	script := g.state + ".sh"
	writeFile(g.t, script, f.text)
	fmt.Fprintf(g.input, "source %s </dev/null\nexport -p > %s\nprintf '\\n%%s %%s\\n' '%s' \"$PWD\"\n", script, g.state, blockEnd)
	tooLong := time.AfterFunc(guideTime, func() { killAll(g.bash) })
	defer tooLong.Stop()
	var all strings.Builder
	for {
		line, err := g.printed.ReadString('\n')
		if folder, isEnd := strings.CutPrefix(line, blockEnd+" "); isEnd {
			g.folder = strings.TrimSuffix(folder, "\n")
			return strings.TrimSuffix(all.String(), "\n")
		}
		all.WriteString(line)
		if err != nil {
			g.t.Fatalf("%s:%d: the block fails\n%s--- printed\n%s", f.file, f.line, f.text, all.String())
		}
	}
}

// serveBlock runs a block whose last command is a server. Later blocks use the address of this
// server.
func (g *guide) serveBlock(f fence) {
	g.t.Helper()
	bash := exec.Command("bash", "-euo", "pipefail", "-c", "source "+g.state+"\n"+f.text)
	at := *g.installation
	at.dir = g.folder
	g.reach(at.startCommand(bash))
}

// reach waits for a server and uses its address instead of the document's.
func (g *guide) reach(p *process) {
	g.t.Helper()
	p.url = p.await(&p.stdout, readyPattern)[1]
	g.replace = append(g.replace, guideHost, p.url, strings.TrimPrefix(guideHost, "http://"), strings.TrimPrefix(p.url, "http://"))
}

// create writes a new file. Go files have to be formatted.
func create(path, text string) error {
	if strings.HasSuffix(path, ".go") {
		formatted, err := format.Source([]byte(text))
		if err != nil {
			return err
		}
		if string(formatted) != text {
			return errors.New("the file isn't formatted with gofmt")
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// edit applies a diff without line numbers; @@ separates two places.
func edit(path, diff string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := string(content)
	for place := range strings.SplitSeq(diff, "@@\n") {
		var old, changed strings.Builder
		for line := range strings.Lines(place) {
			switch line[0] {
			case '-':
				old.WriteString(line[1:])
			case '+':
				changed.WriteString(line[1:])
			default:
				old.WriteString(strings.TrimPrefix(line, " "))
				changed.WriteString(strings.TrimPrefix(line, " "))
			}
		}
		if n := strings.Count("\n"+text, "\n"+old.String()); n != 1 {
			return fmt.Errorf("%s has these lines %d times, want once:\n%s", filepath.Base(path), n, old.String())
		}
		text = strings.Replace("\n"+text, "\n"+old.String(), "\n"+changed.String(), 1)[1:]
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

// sourceCopy returns a folder with a copy of the source, like a new git clone.
func sourceCopy(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	leftOut := []string{".git", "bin", "data", "node_modules"}
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		relative, _ := filepath.Rel("../..", path)
		switch {
		case err != nil:
			return err
		case relative != "." && slices.Contains(leftOut, entry.Name()) && (entry.IsDir() || entry.Name() == ".git"):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(folder, relative), 0o700)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(folder, relative), content, info.Mode().Perm())
	})
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

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

// guide is a document whose blocks are run in order, as a reader would, in one shell. What a block
// means is said by the words behind its opening backticks:
//
//	sh           is run, and must succeed. If it ends with the start of a server, that goes on beside the others
//	json output  is what the block before prints; also http, text, ... See dots
//	diff FILE    changes a file: the lines with a blank or - in front must be there once
//	go FILE      is a new file; also ts, yaml, sql, ...
//	go in FILE   quotes a file of the source; see TestQuotesAreInTheirFiles
//
// Any other block fails the test.
type guide struct {
	*installation

	file    string
	replace []string          // old, new, ...: what is elsewhere in a test, such as the address of the server
	leave   map[string]string // blocks that aren't run: a text that is in one of them, and the reason

	bash    *os.Process
	input   io.Writer
	printed *bufio.Reader
	folder  string // where the shell is
	state   string // the file that has its variables
	last    string // what the last block has printed
}

const (
	guideTime = 10 * time.Minute // for a block: a compiler may have nothing to build upon
	guideHost = "http://localhost:8000"
	blockEnd  = "-- end of block --"
)

// A block that ends so starts a server.
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
		g.t.Errorf("%s has no block with %q any more", g.file, text)
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
		g.t.Fatalf("%s:%d: it shows what no block before it prints", f.file, f.line)
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
		g.t.Fatalf("%s:%d: a block %q is nothing that is run or checked", f.file, f.line, f.language)
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

// toolchain is what of the tests' own environment a compiler or a package manager needs.
func toolchain() []string {
	var list []string
	for _, entry := range os.Environ() {
		if regexp.MustCompile(`(?i)^(GO|CGO_|NPM_CONFIG_|NODE_|XDG_|TMPDIR=|HTTPS?_PROXY=|NO_PROXY=|SSL_CERT_)`).MatchString(entry) {
			list = append(list, entry)
		}
	}
	// Modules are verified where they are got: that is the tests' own build. Paths that are left
	// out let builds of a copy share what others have built.
	return append(list, "GOSUMDB=off", "GOFLAGS=-trimpath "+os.Getenv("GOFLAGS"), "CGO_ENABLED=0")
}

// shellBlock runs a block and returns what it has printed.
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
			g.t.Fatalf("%s:%d: the block fails\n%s--- it has printed\n%s", f.file, f.line, f.text, all.String())
		}
	}
}

// serveBlock runs a block whose last command goes on. From then on the document's address is that
// of the server.
func (g *guide) serveBlock(f fence) {
	g.t.Helper()
	bash := exec.Command("bash", "-euo", "pipefail", "-c", "source "+g.state+"\n"+f.text)
	at := *g.installation
	at.dir = g.folder
	g.reach(at.startCommand(bash))
}

// reach waits for a server, whose address the document's becomes.
func (g *guide) reach(p *process) {
	g.t.Helper()
	p.url = p.await(&p.stdout, readyPattern)[1]
	g.replace = append(g.replace, guideHost, p.url, strings.TrimPrefix(guideHost, "http://"), strings.TrimPrefix(p.url, "http://"))
}

// create writes a new file. Go's has to be formatted.
func create(path, text string) error {
	if strings.HasSuffix(path, ".go") {
		formatted, err := format.Source([]byte(text))
		if err != nil {
			return err
		}
		if string(formatted) != text {
			return errors.New("it is not as gofmt has it")
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

// edit changes a file as a diff without line numbers says; @@ stands between two places.
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

// sourceCopy returns a folder with the source in it, as a reader has it after git clone.
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

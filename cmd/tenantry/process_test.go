package main_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/apitest"
)

const (
	secretKey = "q7Vf0ZyT3mLr9XwKc2HsPd5NbJ8uEaGi4RtYoQ1eWxM6"
	// patience is the time-out for operations that take far less than a second on an idle machine.
	patience = 2 * time.Minute
)

// installation is a folder with settings in which the program runs, once or several times. The
// output of its processes must not contain its secrets.
type installation struct {
	t       testing.TB
	binary  string // the program; empty for the program under test
	dir     string
	env     []string // NAME=value; the last one of a name counts
	stdin   string   // the input of its processes
	secrets *secrets
}

// newInstallation returns an installation in a new folder, without rate limits. It doesn't inherit
// the tests' environment.
func newInstallation(t testing.TB, env ...string) *installation {
	t.Helper()
	home := &installation{t: t, dir: t.TempDir(), secrets: &secrets{}}
	return home.with("HTTP_ADDR=127.0.0.1:0", "BCRYPT_COST=4", "LOG_LEVEL=debug", "RATE_LIMIT_ENABLED=false", "SECRET_KEY="+secretKey).with(env...)
}

// with returns the same installation with additional settings.
func (i *installation) with(env ...string) *installation {
	changed := *i
	changed.env = append(append([]string{}, i.env...), env...)
	for _, entry := range env {
		i.secrets.addSetting(entry)
	}
	return &changed
}

// withInput returns the same installation with this standard input.
func (i *installation) withInput(text string) *installation {
	changed := *i
	changed.stdin = text
	return &changed
}

// inProduction returns the same installation with valid settings for production.
func (i *installation) inProduction() *installation {
	return i.with("ENVIRONMENT=production", "BCRYPT_COST=10", "ALLOW_SQLITE_IN_PRODUCTION=true")
}

// start starts the program. The end of the test kills it if it still runs.
func (i *installation) start(args ...string) *process {
	i.t.Helper()
	return i.startCommand(exec.Command(cmp.Or(i.binary, binary), args...))
}

// startCommand is start for a command that runs the program. The end of the test kills its
// children, too.
func (i *installation) startCommand(cmd *exec.Cmd) *process {
	i.t.Helper()
	p := &process{t: i.t, home: i, cmd: cmd, ended: make(chan struct{}), client: &http.Client{
		Transport: apitest.Checked(i.t, &http.Transport{MaxIdleConnsPerHost: 64}),
	}}
	p.cmd.Dir, p.cmd.Env, p.cmd.SysProcAttr = i.dir, i.env, endWithTests()
	p.cmd.Stdin = strings.NewReader(i.stdin)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		i.t.Fatalf("start %s: %v", cmd, err)
	}
	go func() {
		_ = p.cmd.Wait() // the exit status may be anything
		close(p.ended)
	}()
	i.t.Cleanup(func() {
		p.kill()
		i.secrets.check(i.t, p)
	})
	return p
}

var readyPattern = regexp.MustCompile(`is ready at (http://[^\s"]+)`)

// serve starts the server and returns when it is ready.
func (i *installation) serve(flags ...string) *process {
	i.t.Helper()
	p := i.start(append([]string{"serve"}, flags...)...)
	p.url = p.await(&p.stdout, readyPattern)[1]
	return p
}

// run runs the program to its end and fails the test unless it has this exit status.
func (i *installation) run(status int, args ...string) *process {
	i.t.Helper()
	p := i.start(args...)
	if got := p.wait(); got != status {
		i.t.Fatalf("tenantry %s: exit status %d, want %d\n%s", strings.Join(args, " "), got, status, p)
	}
	return p
}

// process is a run of the program.
type process struct {
	t              testing.TB
	home           *installation
	cmd            *exec.Cmd
	client         *http.Client
	url            string // of a server
	stdout, stderr output
	ended          chan struct{} // closed at the end
}

// endedBySignal is the result of wait for a process that a signal ended.
const endedBySignal = -1

// wait returns the exit status, or endedBySignal.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("the process still runs after %s\n%s", patience, p)
		return 0
	}
}

// kill ends the process with SIGKILL.
func (p *process) kill() {
	killAll(p.cmd.Process)
	<-p.ended
}

// await waits until the output matches a pattern and returns the submatches.
func (p *process) await(o *output, pattern *regexp.Regexp) []string {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		text, changed := o.read()
		if match := pattern.FindStringSubmatch(text); match != nil {
			return match
		}
		select {
		case <-changed:
		case <-p.ended:
			p.t.Fatalf("the process ended with status %d and never printed %q\n%s", p.cmd.ProcessState.ExitCode(), pattern, p)
		case <-deadline:
			p.t.Fatalf("the process has not printed %q after %s\n%s", pattern, patience, p)
		}
	}
}

// wantError fails the test unless stderr contains all these texts.
func (p *process) wantError(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.stderr.String(), text) {
			p.t.Errorf("stderr lacks %q:\n%s", text, p.stderr.String())
		}
	}
}

// String returns the output of the process.
func (p *process) String() string {
	return fmt.Sprintf("--- stdout\n%s--- stderr\n%s", p.stdout.String(), p.stderr.String())
}

// output collects the output of a process.
type output struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	changed chan struct{} // closed when there is more
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
	return o.buf.Write(p)
}

// read returns the output so far, and a channel that is closed when there is more.
func (o *output) read() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.buf.String(), o.changed
}

func (o *output) String() string {
	text, _ := o.read()
	return text
}

package servers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	readyTimeout = 60 * time.Second      // between the start of a server and its first answer
	probeEvery   = 50 * time.Millisecond // between two probes
	stopTimeout  = 10 * time.Second      // between asking a server to stop and killing it
	portAttempts = 5
	logTailLines = 40 // mariadb-install-db prints the reason long before its last line
)

// errPortTaken means that another program took the port after it was chosen.
var errPortTaken = errors.New("the port was taken meanwhile")

// spawner starts programs from an OS thread that lives as long as the launcher. Linux sends the
// parent-death signal when the thread that started a child ends, even if the process continues.
type spawner chan<- func()

func newSpawner() spawner {
	starts := make(chan func())
	go func() {
		runtime.LockOSThread()
		endWithGoRun()
		for start := range starts {
			start()
		}
	}()
	return starts
}

func (s spawner) start(cmd *exec.Cmd) error {
	result := make(chan error)
	s <- func() { result <- cmd.Start() }
	return <-result
}

// Start starts a command of the caller. It ends with this process, if the system supports that.
func (w *Workspace) Start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = commandAttributes()
	return w.spawner.start(cmd)
}

// program is a server, or a tool that must run before it.
type program struct {
	path string
	args []string
	home home
	stop syscall.Signal // asks it to stop
	died syscall.Signal // sent when the launcher has ended
}

// process is a running program.
type process struct {
	cmd   *exec.Cmd
	stop  syscall.Signal
	log   string        // the file with its output
	ended chan struct{} // closed when it has ended
}

// start starts the program. It doesn't get signals of the terminal, which are for the command. Its
// output is written to a log file.
func (w *Workspace) start(p program) (*process, error) {
	log, err := os.CreateTemp(w.dir, filepath.Base(p.path)+"-*.log")
	if err != nil {
		return nil, fmt.Errorf("make a log file: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(p.path, p.args...)
	cmd.Dir = p.home.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME="+p.home.dir, "TMPDIR="+p.home.dir)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = serverAttributes(p.home.owner, p.died)
	if err := w.spawner.start(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.path, err)
	}
	running := &process{cmd: cmd, stop: p.stop, log: log.Name(), ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // the result is in cmd.ProcessState
		close(running.ended)
	}()
	return running, nil
}

// run runs the program to its end. An error includes the end of its output.
func (w *Workspace) run(ctx context.Context, p program) error {
	running, err := w.start(p)
	if err != nil {
		return err
	}
	select {
	case <-running.ended:
	case <-ctx.Done():
		_ = killGroup(running.cmd.Process)
		<-running.ended
		return ctx.Err()
	}
	if !running.cmd.ProcessState.Success() {
		return running.failure()
	}
	return nil
}

// Serve starts a private server of the engine and waits until it answers.
func (w *Workspace) Serve(ctx context.Context, e Engine) (Server, error) {
	password := rand.Text()
	launch, err := e.prepare(ctx, w, password)
	if err != nil {
		return Server{}, fmt.Errorf("prepare the server: %w", err)
	}
	for range portAttempts {
		var port int
		if port, err = freePort(); err != nil {
			return Server{}, err
		}
		var running *process
		p := launch(port)
		p.args = append(p.args, e.forTests...)
		if running, err = w.start(p); err != nil {
			return Server{}, err
		}
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		var version string
		version, err = running.ready(ctx, func(ctx context.Context) (string, error) { return e.Probe(ctx, addr, password) })
		if err == nil {
			return Server{URL: e.URL(addr, password), Version: version, Addr: addr, PID: running.cmd.Process.Pid, Stop: running.end}, nil
		}
		_ = running.end() // the reason is in err
		if !errors.Is(err, errPortTaken) {
			break
		}
	}
	return Server{}, err
}

// ready waits until the probe succeeds and returns its answer.
func (p *process) ready(ctx context.Context, probe func(context.Context) (string, error)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	last := errors.New("it was not probed")
	for {
		select {
		case <-p.ended:
			return "", p.failure()
		case <-ctx.Done():
			return "", fmt.Errorf("no answer from the server: %w; %s", last, p.tail())
		case <-tick.C:
		}
		var version string
		if version, last = probe(ctx); last == nil {
			return version, nil
		}
	}
}

// end asks the server to stop, kills it if that takes too long, and waits for its end. It returns
// an error if the server had already ended by itself.
func (p *process) end() error {
	select {
	case <-p.ended:
		return fmt.Errorf("a server ended before the command: %w", p.failure())
	default:
	}
	_ = p.cmd.Process.Signal(p.stop)
	select {
	case <-p.ended:
	case <-time.After(stopTimeout):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	return nil
}

// failure describes a program that has ended.
func (p *process) failure() error {
	tail := p.tail()
	if strings.Contains(strings.ToLower(tail), "address already in use") {
		return fmt.Errorf("%w; %s", errPortTaken, tail)
	}
	return fmt.Errorf("%s ended with %s; %s", filepath.Base(p.cmd.Path), p.cmd.ProcessState, tail)
}

// tail returns the last lines of the output, indented, with an introduction.
func (p *process) tail() string {
	content, err := os.ReadFile(p.log)
	if err != nil {
		return "its output can't be read: " + err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	lines = lines[max(0, len(lines)-logTailLines):]
	return "the end of its output:\n    " + strings.Join(lines, "\n    ")
}

// freePort returns a port of 127.0.0.1 that was free just now.
func freePort() (int, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

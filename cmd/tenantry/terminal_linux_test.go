package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// newTerminal returns both ends of a pseudo-terminal: the person's and the program's.
func newTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

// talk runs the program at a terminal and answers its questions. It returns the process and the
// program's end of the terminal.
func (i *installation) talk(args []string, answers ...[2]string) (*process, *os.File) {
	i.t.Helper()
	t, ok := i.t.(*testing.T)
	if !ok {
		panic("for tests only")
	}
	person, program := newTerminal(t)
	p := &process{t: t, home: i, cmd: exec.Command(binary, args...), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env, p.cmd.SysProcAttr = i.dir, i.env, endWithTests()
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = program, program, program
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	const theEnd = "(the program has ended)"
	shown := make(chan struct{})
	go func() { // collects everything that the terminal shows
		defer close(shown)
		buffer := make([]byte, 1024)
		for !strings.HasSuffix(p.stdout.String(), theEnd) {
			n, err := person.Read(buffer)
			_, _ = p.stdout.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	go func() {
		_ = p.cmd.Wait()
		_, _ = program.WriteString(theEnd) // marks the end of the output
		<-shown
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		i.secrets.check(t, p)
	})
	seen := 0
	for _, a := range answers {
		pattern := regexp.MustCompile(fmt.Sprintf(`(?s)^.{%d,}%s$`, seen, regexp.QuoteMeta(a[0])))
		seen = len(p.await(&p.stdout, pattern)[0])
		if _, err := person.WriteString(a[1]); err != nil {
			t.Fatal(err)
		}
	}
	return p, program
}

func TestPasswordIsAskedForAndNotShown(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, "DATABASE_URL=sqlite:///tenantry.db")
	home.secrets.add(operatorPassword, otherPassword)
	home.run(0, "migrate", "up")

	p, _ := home.talk([]string{"superuser", "create"},
		[2]string{"E-mail address: ", operator + "\n"}, [2]string{"Password: ", operatorPassword + "\n"}, [2]string{"The same again: ", otherPassword + "\n"})
	if status := p.wait(); status != 1 {
		t.Errorf("status %d, want 1\n%s", status, p)
	}
	p.await(&p.stdout, regexp.MustCompile("the two passwords differ"))

	p, _ = home.talk([]string{"superuser", "create"},
		[2]string{"E-mail address: ", operator + "\n"}, [2]string{"Password: ", operatorPassword + "\n"}, [2]string{"The same again: ", operatorPassword + "\n"})
	if status := p.wait(); status != 0 {
		t.Errorf("status %d, want 0\n%s", status, p)
	}
	p.await(&p.stdout, regexp.MustCompile("Created the superuser operator@example.com"))
	home.serve().login(operator, operatorPassword)
}

func TestTerminalIsRestored(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, "DATABASE_URL=sqlite:///tenantry.db")
	home.run(0, "migrate", "up")
	key, _ := home.talk([]string{"superuser", "create", "--email", operator}, [2]string{"Password: ", "half a pass\x03"})
	if status := key.wait(); status != 1 || !strings.Contains(key.stdout.String(), "stopped; nothing has changed") {
		t.Errorf("status %d after Ctrl-C, want 1\n%s", status, key)
	}
	p, terminal := home.talk([]string{"superuser", "create", "--email", operator}, [2]string{"Password: ", ""})
	echoes := func() bool {
		state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return state.Lflag&unix.ECHO != 0
	}
	if echoes() {
		t.Error("the prompt appears while the terminal still echoes")
	}
	p.signal(os.Interrupt)
	if status := p.wait(); status != 1 || !echoes() {
		t.Errorf("status %d, echo %t, want 1 and on\n%s", status, echoes(), p)
	}
	p.await(&p.stdout, regexp.MustCompile("stopped; nothing has changed"))
	if strings.Contains(p.stdout.String(), "Created") {
		t.Errorf("the command created a superuser:\n%s", p)
	}
}

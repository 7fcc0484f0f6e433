package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/text"
)

// maxPasswordInput is longer than any password.
const maxPasswordInput = 4096

// passwordSource says where a command reads a password from. The zero value is a prompt.
type passwordSource struct {
	file  string
	stdin bool
}

func (s *passwordSource) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.file, "password-file", "", "the file that holds the password")
	cmd.Flags().BoolVar(&s.stdin, "password-stdin", false, "read the password from standard input")
	cmd.MarkFlagsMutuallyExclusive("password-file", "password-stdin")
	if err := cmd.MarkFlagFilename("password-file"); err != nil {
		panic(err) // there is no such flag
	}
}

// askEmail returns a valid e-mail address in lower case: the given one, or the one entered at the
// terminal.
func (p *program) askEmail(ctx context.Context, stdin io.Reader, given string, source passwordSource) (string, error) {
	if given == "" {
		if _, ok := terminal(stdin); !ok || source.stdin {
			return "", errors.New("--email is needed, as in --email you@example.com")
		}
		fmt.Fprint(p.stderr, "E-mail address: ")
		line, err := untilStopped(ctx, func() (string, error) { return readLine(stdin) })
		if err != nil {
			return "", fmt.Errorf("read the e-mail address: %w", err)
		}
		given = line
	}
	if given = strings.TrimSpace(given); !email.Valid(given) {
		return "", fmt.Errorf("%.100q is no e-mail address", given)
	}
	return email.AsTyped(given), nil
}

// readLine reads byte by byte, so that later readers get what follows the line.
func readLine(r io.Reader) (string, error) {
	line, err := bufio.NewReaderSize(oneByte{r}, 16).ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimSpace(line), err
}

type oneByte struct{ io.Reader }

func (r oneByte) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(1, len(p))]) }

// askPassword returns the password without the line break. Its errors don't contain the password.
func (p *program) askPassword(ctx context.Context, stdin io.Reader, source passwordSource) (string, error) {
	switch {
	case source.file != "":
		file, err := os.Open(source.file)
		if err != nil {
			return "", fmt.Errorf("--password-file: %w", withoutPath(err))
		}
		defer file.Close()
		return readPassword(file)
	case source.stdin:
		return readPassword(stdin)
	}
	console, ok := terminal(stdin)
	if !ok {
		return "", errors.New("there is no terminal to ask for the password; use --password-file or --password-stdin")
	}
	return p.promptForPassword(ctx, console)
}

func readPassword(r io.Reader) (string, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxPasswordInput))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return acceptable(strings.TrimSuffix(strings.TrimSuffix(text.Decode(content), "\n"), "\r"))
}

// acceptable returns an error if log-ins don't accept such a password.
func acceptable(password string) (string, error) {
	switch {
	case password == "":
		return "", errors.New("the password is empty")
	case strings.ContainsFunc(password, unicode.IsControl):
		return "", errors.New("the password must be one line, without control characters")
	case !utf8.ValidString(password):
		return "", errors.New("the password must be UTF-8")
	}
	return password, nil
}

func terminal(r io.Reader) (*os.File, bool) {
	file, ok := r.(*os.File)
	return file, ok && term.IsTerminal(int(file.Fd()))
}

// promptForPassword asks for a hidden password twice, and restores the terminal. It turns the echo
// off before it prints the question, because some people type ahead.
func (p *program) promptForPassword(ctx context.Context, console *os.File) (password string, err error) {
	fd := int(console.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return "", fmt.Errorf("ask for the password: %w", err)
	}
	defer func() { err = errors.Join(err, term.Restore(fd, before)) }()
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{console, p.stderr}, "")
	var answers []string
	for _, question := range []string{"Password: ", "The same again: "} {
		line, err := untilStopped(ctx, func() (string, error) { return t.ReadPassword(question) })
		if errors.Is(err, io.EOF) || errors.Is(err, errStopped) { // Ctrl-C is a key here, or a signal
			return "", errStopped
		}
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		answers = append(answers, line)
	}
	if answers[0] != answers[1] {
		return "", errors.New("the two passwords differ")
	}
	return acceptable(answers[0])
}

var errStopped = errors.New("stopped; nothing has changed")

// untilStopped waits for read or the end of ctx, because reading from a terminal can't be
// cancelled.
func untilStopped(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		line, err := read()
		answers <- answer{line, err}
	}()
	select {
	case a := <-answers:
		return a.line, a.err
	case <-ctx.Done():
		return "", errStopped
	}
}

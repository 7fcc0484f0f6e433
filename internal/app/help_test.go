package app

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func newRoot() *cobra.Command {
	p := &program{stdout: io.Discard, stderr: io.Discard}
	root := p.rootCommand()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	return root
}

// each calls f for every command that this program defines.
func each(cmd *cobra.Command, f func(*cobra.Command)) {
	if cmd.Name() == "completion" || cmd.Name() == "help" {
		return
	}
	f(cmd)
	for _, sub := range cmd.Commands() {
		each(sub, f)
	}
}

// understood returns an error if a shell line calls the program with an unknown command, argument
// or flag.
func understood(line string) error {
	root := newRoot()
	words := strings.Fields(regexp.MustCompile(`"[^"]*"|'[^']*'`).ReplaceAllString(line, "2025-01-01"))
	cmd, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if help, err := cmd.Flags().GetBool("help"); err != nil || help {
		return err
	}
	if err := cmd.ValidateFlagGroups(); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// call matches calls of the program in a text, up to a comment, another column, a pipe or a
// redirection.
var call = regexp.MustCompile(`(?m)(?:^[ \t]*(?:bin/)?|\| |&& |@)tenantry((?: [^ |>#&\n][^ |>#&\n]*)*)`)

func TestEveryCommandHasHelp(t *testing.T) {
	t.Parallel()
	commands := 0
	each(newRoot(), func(cmd *cobra.Command) {
		commands++
		name := cmd.CommandPath()
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") || len(cmd.Short) > 100 {
			t.Errorf("%s: Short must be one line without a full stop: %q", name, cmd.Short)
		}
		if cmd.Long == "" {
			t.Errorf("%s has no Long", name)
		}
		for line := range strings.Lines(cmd.Long) {
			if len([]rune(line)) > 145 {
				t.Errorf("%s: a line of Long is too long for a terminal: %s", name, line)
			}
		}
		if !strings.Contains(cmd.Example, name) {
			t.Errorf("%s: no example has %s in it: %q", name, name, cmd.Example)
		}
		for _, match := range call.FindAllStringSubmatch(cmd.Example, -1) {
			if err := understood(match[1]); err != nil {
				t.Errorf("%s: the example %q: %v", name, match[0], err)
			}
		}
	})
	if commands < 20 {
		t.Errorf("found only %d commands", commands)
	}
}

func TestCommandsOfTheDocumentsAreUnderstood(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	for _, file := range append(files, "../../README.md", "../../.env.example", "../../Dockerfile") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(content)
		for _, quoted := range regexp.MustCompile("`tenantry ([a-z][^`]*)`").FindAllStringSubmatch(text, -1) {
			text += "\ntenantry " + strings.ReplaceAll(quoted[1], "\n", " ")
		}
		for _, match := range call.FindAllStringSubmatch(text, -1) {
			if match[1] == "" {
				continue
			}
			calls++
			if err := understood(match[1]); err != nil {
				t.Errorf("%s: %q: %v", file, match[0], err)
			}
		}
	}
	if calls < 10 {
		t.Errorf("found only %d calls", calls)
	}
}

func TestUnderstoodRefusesWrongCalls(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"srve", "serve --dmeo", "migrate sideways", "superuser create --password x", "migrate stamp", "doctor now"} {
		if understood(line) == nil {
			t.Errorf("%q is accepted", line)
		}
	}
}

// TestBashCompletes loads the completion into bash and requests completions as the Tab key does.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	var script strings.Builder
	if err := newRoot().GenBashCompletionV2(&script, true); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "completion")
	if err := os.WriteFile(file, []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	load := exec.Command(bash, "--norc", "--noprofile", "-euo", "pipefail", "-c", "source "+file+" && complete -p tenantry")
	if output, err := load.CombinedOutput(); err != nil || !strings.Contains(string(output), "__start_tenantry") {
		t.Errorf("%v: %s", err, output)
	}
	for typed, want := range map[string]string{
		"superuser ":                         "create reset-password",
		"seed --scenario ":                   "tech-startup",
		"seed --scenario tech-startup,":      "tech-startup,retail-chain",
		"openapi --":                         "--json",
		"migrate ":                           "up",
		"superuser create --password-file x": ":0", // the shell completes file names
		"serve ":                             ":4", // no completion, and no file names
	} {
		var out strings.Builder
		root := newRoot()
		root.SetOut(&out)
		root.SetErr(io.Discard)
		root.SetArgs(append([]string{"__complete"}, strings.Split(typed, " ")...))
		if err := root.Execute(); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
		for word := range strings.FieldsSeq(want) {
			if !strings.Contains(out.String(), word) {
				t.Errorf("%q completes to\n%swant %s among them", typed, out.String(), word)
			}
		}
	}
}

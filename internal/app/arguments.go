package app

import (
	"errors"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// hiddenArgument replaces an argument that may contain a password.
const hiddenArgument = "(not shown)"

var commandName = regexp.MustCompile(`^[a-z][a-z-]{0,19}$`)

// withoutArguments returns the text of an error about a command's arguments. It quotes an argument
// only if that may be the mistyped name of a command or flag, because people paste URLs and
// passwords into the wrong place.
func withoutArguments(err error, cmd *cobra.Command, args []string) string {
	text := err.Error()
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && len(arg) > 2 {
			text = strings.ReplaceAll(text, " in "+arg, "")
		}
		if cmd.HasSubCommands() && commandName.MatchString(arg) {
			continue
		}
		name, value, _ := strings.Cut(arg, "=")
		if strings.Contains(name, "://") {
			text = strings.ReplaceAll(text, name, hiddenArgument)
		}
		for _, part := range []string{arg, value} {
			if part != "" {
				text = strings.ReplaceAll(text, strconv.Quote(part), hiddenArgument)
			}
		}
	}
	return text
}

// oneFile checks that the only argument is a file name.
func oneFile(cmd *cobra.Command, args []string) error {
	if err := cobra.ExactArgs(1)(cmd, args); err != nil {
		return err
	}
	switch {
	case args[0] == "":
		return errors.New("the name of the file is empty")
	case strings.Contains(args[0], "://"):
		return errors.New("the argument is a URL, and must be the name of a file; the settings BACKUP_DATABASE_URL and DATABASE_URL name the database")
	}
	return nil
}

// withoutPath removes the file name, which may be a password, from the error.
func withoutPath(err error) error {
	if fault, ok := errors.AsType[*fs.PathError](err); ok {
		return fault.Err
	}
	return err
}

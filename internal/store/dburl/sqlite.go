package dburl

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

var (
	errSQLiteSlashes = errors.New("must be sqlite:///file for a relative or sqlite:////file for an absolute path")
	errSQLiteMemory  = errors.New("names a database in memory, which would end with the process; name a file, as in sqlite:///data/tenantry.db")
)

// shellVariable matches a shell variable such as $HOME, ${HOME} or %USERPROFILE% at the beginning
// of a path element.
var shellVariable = regexp.MustCompile(`(?:^|/)(?:\$(?:[A-Za-z_]\w*|\{\w+\})|%[A-Za-z_]\w*%)`)

// readFile reads the path between sqlite:// and the options. Only % and ? must be percent-encoded.
func (u *URL) readFile(rest string) error {
	path, found := strings.CutPrefix(rest, "/")
	if rest == "" || rest == "/" {
		return errSQLiteMemory
	}
	file, err := url.PathUnescape(path)
	plain := strings.ToLower(file)
	switch {
	case err == nil && strings.HasSuffix(plain, ":memory:"):
		return errSQLiteMemory
	case !found:
		return errSQLiteSlashes
	case err != nil:
		return errors.New("has a % in the file's name that begins no percent-encoding; write %25 for %, and %3F for a question mark")
	case strings.ContainsRune(file, 0):
		return errors.New("has a NUL byte in the file's name")
	case strings.HasPrefix(strings.TrimLeft(plain, "/"), "file:"):
		return errors.New("has file: in it; write sqlite:///file for a relative or sqlite:////file for an absolute path")
	case strings.HasPrefix(strings.TrimLeft(file, "/"), "~"):
		return errors.New("begins with ~, which nothing replaces here; write the whole path, as in sqlite:////home/you/tenantry.db")
	case shellVariable.MatchString(file):
		return errors.New("has a variable such as $HOME in the file's name, which nothing replaces here; write the whole path, as in sqlite:////home/you/tenantry.db")
	case strings.HasSuffix(file, "/") || file == "." || file == ".." || strings.HasSuffix(file, "/.") || strings.HasSuffix(file, "/.."):
		return errors.New("names a folder; add the name of the file")
	}
	u.database = file
	return nil
}

// checkSQLite accepts only options that ask for what always applies.
func (u *URL) checkSQLite() error {
	for _, o := range u.options {
		switch plainOption(o.name) {
		case "mode":
			if o.value == "memory" {
				return errSQLiteMemory
			}
			if o.value != "rwc" {
				return errors.New("has the option mode with another value than rwc: Tenantry writes to its database, and makes it if there is none")
			}
		case "cache":
			if o.value != "private" {
				return errors.New("has the option cache with another value than private: connections that share a cache lock each other out")
			}
		case "checksamethread":
		default:
			return u.unknownOption(o.name, []string{"cache", "check_same_thread", "mode"})
		}
	}
	return nil
}

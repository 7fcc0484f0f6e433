package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	unicodetext "github.com/tenantry/tenantry/internal/text"
)

var (
	blankLine = regexp.MustCompile(`\A[ \t]*(?:#[^\n]*)?(?:\n|\z)`)

	// assignment matches NAME='literal', NAME="with \" escapes" or NAME=plain, optionally after
	// "export" and before a comment. A # begins a comment only after a blank, so that passwords may
	// contain one.
	assignment = regexp.MustCompile(`\A[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*` +
		`(?:'([^']*)'|"((?:[^"\\]|\\[^\n])*)"|([^'"\s#][^\n]*?)?)` +
		`[ \t]*(?:[ \t]#[^\n]*)?(?:\n|\z)`)
)

// readDotenv returns the variables of a .env file, or none if the file doesn't exist. Viper's
// reader isn't used: it cuts values at any #, replaces $NAME by variables of the process, and its
// errors print the line but not its number.
func readDotenv(path string, faults *Faults) map[string]string {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		faults.add(filepath.Base(path), fmt.Sprintf("can't be read: %v", err))
		return nil
	}
	contents := strings.ReplaceAll(unicodetext.Decode(content), "\r\n", "\n")
	if strings.ContainsRune(contents, 0) || !utf8.ValidString(contents) {
		faults.add(filepath.Base(path), "must be text in UTF-8")
		return nil
	}
	unescape := strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, `\n`, "\n")
	values := make(map[string]string)
	for line := 1; contents != ""; {
		end := strings.IndexByte(contents+"\n", '\n') + 1
		if match := blankLine.FindString(contents); match != "" {
			end = len(match)
		} else if match := assignment.FindStringSubmatch(contents); match != nil {
			end = len(match[0])
			values[match[1]] = match[2] + unescape.Replace(match[3]) + match[4]
		} else {
			faults.add(fmt.Sprintf("%s line %d", filepath.Base(path), line), "must read NAME=value, or NAME='value' if it has quotes or begins with #")
		}
		end = min(end, len(contents))
		line += strings.Count(contents[:end], "\n")
		contents = contents[end:]
	}
	return values
}

package config

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var (
	blankLine = regexp.MustCompile(`\A[ \t]*(?:#[^\n]*)?(?:\n|\z)`)

	// NAME='literal', NAME="with \" escapes" or NAME=plain, perhaps after "export" and before a comment.
	// A # begins a comment only after a blank, so that passwords may hold one.
	assignment = regexp.MustCompile(`\A[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*` +
		`(?:'([^']*)'|"((?:[^"\\]|\\[^\n])*)"|([^'"\s#][^\n]*?)?)` +
		`[ \t]*(?:[ \t]#[^\n]*)?(?:\n|\z)`)
)

// readDotenv returns the variables of a .env file; none if there is no such file. Viper's own reader won't do here: it cuts
// values at any #, fills in $NAME from the process's environment, and its errors print the line but not the number.
func readDotenv(path string, faults *Faults) map[string]string {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		faults.add(filepath.Base(path), fmt.Sprintf("can't be read: %v", err))
		return nil
	}
	text := strings.ReplaceAll(decode(content), "\r\n", "\n")
	if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
		faults.add(filepath.Base(path), "must be text in UTF-8")
		return nil
	}
	unescape := strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, `\n`, "\n")
	values := make(map[string]string)
	for line := 1; text != ""; {
		end := strings.IndexByte(text+"\n", '\n') + 1
		if match := blankLine.FindString(text); match != "" {
			end = len(match)
		} else if match := assignment.FindStringSubmatch(text); match != nil {
			end = len(match[0])
			values[match[1]] = match[2] + unescape.Replace(match[3]) + match[4]
		} else {
			faults.add(fmt.Sprintf("%s line %d", filepath.Base(path), line), "must read NAME=value, or NAME='value' if it has quotes or begins with #")
		}
		end = min(end, len(text))
		line += strings.Count(text[:end], "\n")
		text = text[end:]
	}
	return values
}

// decode reads UTF-8, and UTF-16 with a byte order mark, as PowerShell writes it.
func decode(content []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(content, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(content, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return strings.TrimPrefix(string(content), "\ufeff")
	}
	var units []uint16
	for rest := content[2:]; len(rest) > 1; rest = rest[2:] {
		units = append(units, order.Uint16(rest))
	}
	return string(utf16.Decode(units))
}

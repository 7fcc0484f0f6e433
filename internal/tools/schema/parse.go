package schema

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// migration is a file of sql/migrations with its statements for one engine.
type migration struct {
	path       string
	version    int64
	name       string
	compatible bool // older programs can run with it
	up, down   []located
	hasDown    bool
}

// located is a statement and the line on which it begins.
type located struct {
	statement

	line int
}

func (m migration) errorf(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", m.path, line, fmt.Errorf(format, args...))
}

var fileName = regexp.MustCompile(`^(\d{5})_([a-z][a-z0-9_]*)\.sql$`)

// readFile reads a migration for an engine.
func readFile(path string, e Engine) (migration, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return migration{}, fmt.Errorf("read migration: %w", err)
	}
	m := fileName.FindStringSubmatch(filepath.Base(path))
	if m == nil {
		return migration{}, fmt.Errorf("%s: the name must be like 00012_add_company_logo.sql", path)
	}
	version, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return migration{}, fmt.Errorf("%s: %w", path, err)
	}
	return parse(migration{path: path, version: version, name: strings.TrimSuffix(filepath.Base(path), ".sql")}, string(text), e)
}

// section is the part of a migration before or after `-- tenantry: down`. Lines for other engines
// are empty.
type section struct {
	lines    []string
	native   map[int]bool // by line number: whether the line is for some engines only
	readings []located
}

var (
	directive      = regexp.MustCompile(`^\s*-- tenantry: (.*?)\s*$`)
	comment        = regexp.MustCompile(`^\s*--`)
	onlyEngines    = regexp.MustCompile(`^only ((?:postgres|mysql|sqlite)(?:, (?:postgres|mysql|sqlite))*)$`)
	readingOf      = regexp.MustCompile(`^(un)?scoped_reading (\w+)$`)
	compatibleMark = "runs with older programs"
)

func parse(m migration, text string, e Engine) (migration, error) {
	up, down := &section{native: map[int]bool{}}, &section{native: map[int]bool{}}
	current, only := up, []string(nil)
	for i, line := range strings.Split(text, "\n") {
		number := i + 1
		if strings.IndexFunc(line, func(r rune) bool { return r > 127 }) >= 0 {
			return m, m.errorf(number, "not ASCII")
		}
		d := directive.FindStringSubmatch(line)
		switch {
		case d == nil && strings.HasPrefix(line, "-- +goose"):
			return m, m.errorf(number, "remove this line: storegen adds the annotations of goose")
		case d == nil && comment.MatchString(line) && only == nil:
			line = ""
		case d != nil && d[1] == "down":
			if m.hasDown {
				return m, m.errorf(number, "there is a second line `-- tenantry: down`")
			}
			m.hasDown, only = true, nil
			current, line = down, ""
			current.lines = slices.Repeat([]string{""}, i)
		case d != nil && d[1] == compatibleMark:
			m.compatible, line = true, ""
		case d != nil && d[1] == "all engines":
			only, line = nil, ""
		case d != nil && onlyEngines.MatchString(d[1]):
			only, line = strings.Split(onlyEngines.FindStringSubmatch(d[1])[1], ", "), ""
		case d != nil && readingOf.MatchString(d[1]):
			r := readingOf.FindStringSubmatch(d[1])
			current.readings = append(current.readings, located{reading{r[2], r[1] != ""}, number})
			line = ""
		case d != nil:
			return m, m.errorf(number, "unknown line %q", strings.TrimSpace(line))
		}
		if only != nil && !slices.Contains(only, string(e)) {
			line = ""
		}
		current.native[number] = only != nil
		current.lines = append(current.lines, line)
	}
	var err error
	if m.up, err = m.statements(up); err != nil {
		return m, err
	}
	m.down, err = m.statements(down)
	return m, err
}

// statements returns the statements of a section in order. Those that set unscoped_reading come
// last.
func (m migration) statements(s *section) ([]located, error) {
	texts, err := m.split(strings.Join(s.lines, "\n"))
	if err != nil {
		return nil, err
	}
	var list []located
	for _, t := range texts {
		parsed, err := parseStatement(t.text)
		if err != nil && s.native[t.line] && parsed == nil {
			parsed, err = []statement{native{t.text}}, nil
		}
		if inside, ok := errors.AsType[lineError](err); ok {
			t.line += inside.line
		}
		if err != nil {
			return nil, m.errorf(t.line, "%w", err)
		}
		for _, p := range parsed {
			list = append(list, located{p, t.line})
		}
	}
	return append(list, s.readings...), nil
}

type textAt struct {
	text string
	line int
}

// token matches strings, bodies and comments, which may contain semicolons, and semicolons that end
// a statement.
var token = regexp.MustCompile(`(?s)'[^']*'|"[^"]*"|\$\$.*?\$\$|--[^\n]*|;`)

// split returns the statements of a text without semicolons, and without comments outside of bodies
// ($$).
func (m migration) split(text string) ([]textAt, error) {
	var list []textAt
	var current strings.Builder
	from, line := 0, 0
	add := func(part string, at int) {
		if line == 0 && strings.TrimSpace(part) != "" {
			leading := len(part) - len(strings.TrimLeft(part, " \n\t"))
			line = 1 + strings.Count(text[:at+leading], "\n")
		}
		current.WriteString(part)
	}
	for _, t := range token.FindAllStringIndex(text, -1) {
		add(text[from:t[0]], from)
		from = t[1]
		switch found := text[t[0]:t[1]]; {
		case strings.HasPrefix(found, "--"):
		case found != ";":
			add(found, t[0])
		case line == 0:
			return nil, m.errorf(1+strings.Count(text[:t[0]], "\n"), "a semicolon without a statement")
		default:
			list = append(list, textAt{strings.TrimSpace(current.String()), line})
			current.Reset()
			line = 0
		}
	}
	if add(text[from:], from); line != 0 {
		return nil, m.errorf(line, "the statement must end with a semicolon")
	}
	return list, nil
}

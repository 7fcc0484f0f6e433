package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Type is the type of a column, such as uuid, key(32) or decimal(14, 2).
type Type struct {
	Name string
	Args string // "(32)"; "" if there are none
}

func (t Type) String() string { return t.Name + t.Args }

// dialect is the name of a type in one engine, and sqlc's name for that.
type dialect struct{ sql, sqlc string }

// kind is a type that migrations can use: its number of arguments, and its names in each engine.
type kind struct {
	args     int
	dialects map[Engine]dialect
}

func of(args int, postgres, mysql, sqlite dialect) kind {
	return kind{args, map[Engine]dialect{Postgres: postgres, MySQL: mysql, SQLite: sqlite}}
}

// kinds are all types that a column may have. # is replaced by the arguments. SQLite stores several
// types as text; names such as uuid_text let sqlc distinguish them.
var kinds = map[string]kind{
	"uuid": of(0, dialect{"uuid", "uuid"}, dialect{"char(36)", "char"}, dialect{"uuid_text", "uuid_text"}),
	"key":  of(1, dialect{`varchar# COLLATE "C"`, "pg_catalog.varchar"}, dialect{"varchar#", "varchar"}, dialect{"varchar#", "varchar"}),
	"text": of(1, dialect{"varchar#", "pg_catalog.varchar"}, dialect{"varchar#", "varchar"}, dialect{"varchar#", "varchar"}),
	"time": of(0, dialect{"timestamptz", "timestamptz"}, dialect{"datetime(6)", "datetime"}, dialect{"datetime", "datetime"}),
	"date": of(0, dialect{"date", "date"}, dialect{"date", "date"}, dialect{"date", "date"}),
	"decimal": of(2, dialect{"numeric#", "pg_catalog.numeric"}, dialect{"decimal#", "decimal"},
		dialect{"decimal_text COLLATE decimal", "decimal_text"}),
	"int": of(0, dialect{"bigint", "pg_catalog.int8"}, dialect{"bigint", "bigint"}, dialect{"bigint", "bigint"}),
	"float": of(0, dialect{"double precision", "pg_catalog.float8"}, dialect{"double precision", "double"},
		dialect{"double precision", "doubleprecision"}),
	"bool":  of(0, dialect{"boolean", "pg_catalog.bool"}, dialect{"boolean", "tinyint"}, dialect{"boolean", "boolean"}),
	"json":  of(0, dialect{"json", "pg_catalog.json"}, dialect{"json", "json"}, dialect{"json_text", "json_text"}),
	"bytes": of(0, dialect{"bytea", "bytea"}, dialect{"blob", "blob"}, dialect{"blob", "blob"}),
}

// longText is text without a limit.
var longText = of(0, dialect{"text", "text"}, dialect{"text", "text"}, dialect{"text", "text"})

var typeForm = regexp.MustCompile(`^(\w+)(?:\((\d+(?:, ?\d+)*)\))?$`)

func parseType(text string) (Type, error) {
	const known = "uuid, key(n), text(n), text, time, date, decimal(p, s), int, float, bool, json and bytes"
	m := typeForm.FindStringSubmatch(text)
	if m == nil {
		return Type{}, fmt.Errorf("unknown type %q; it must be one of %s", text, known)
	}
	t := Type{Name: m[1]}
	var args []string
	if m[2] != "" {
		args = strings.Split(strings.ReplaceAll(m[2], " ", ""), ",")
		t.Args = "(" + strings.Join(args, ", ") + ")"
	}
	k, ok := kinds[t.Name]
	if !ok || len(args) != k.args && !t.isLongText() {
		return Type{}, fmt.Errorf("unknown type %q; it must be one of %s", text, known)
	}
	return t, nil
}

// For returns the name of the type in an engine.
func (t Type) For(e Engine) string {
	k := kinds[t.Name]
	if t.isLongText() {
		k = longText
	}
	return strings.Replace(k.dialects[e].sql, "#", t.Args, 1)
}

func (t Type) isLongText() bool { return t == Type{Name: "text"} }

// isLong reports whether engines may store values outside the row.
func (t Type) isLong() bool { return t.isLongText() || t.Name == "json" || t.Name == "bytes" }

// sqlcTypes returns sqlc's names of all types of an engine.
func sqlcTypes(e Engine) []string {
	names := []string{longText.dialects[e].sqlc}
	for _, k := range kinds {
		names = append(names, k.dialects[e].sqlc)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

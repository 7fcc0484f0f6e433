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
	Args string // "(32)"; empty if there are none
}

func (t Type) String() string { return t.Name + t.Args }

// dialect is what one engine calls a type, and what sqlc calls that.
type dialect struct{ sql, sqlc string }

// kind is a type of the migrations: how many numbers it takes, and what it is for each engine.
type kind struct {
	args     int
	dialects map[Engine]dialect
}

func of(args int, postgres, mysql, sqlite dialect) kind {
	return kind{args, map[Engine]dialect{Postgres: postgres, MySQL: mysql, SQLite: sqlite}}
}

// kinds are all types that a column may have; #, where it stands, is what the type has in
// parentheses. SQLite's own names let sqlc know types that SQLite stores as text.
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
		return Type{}, fmt.Errorf("%q is no type: there are %s", text, known)
	}
	t := Type{Name: m[1]}
	var args []string
	if m[2] != "" {
		args = strings.Split(strings.ReplaceAll(m[2], " ", ""), ",")
		t.Args = "(" + strings.Join(args, ", ") + ")"
	}
	k, ok := kinds[t.Name]
	if !ok || len(args) != k.args && !t.isLongText() {
		return Type{}, fmt.Errorf("%q is no type: there are %s", text, known)
	}
	return t, nil
}

// For returns what an engine calls the type.
func (t Type) For(e Engine) string {
	k := kinds[t.Name]
	if t.isLongText() {
		k = longText
	}
	return strings.Replace(k.dialects[e].sql, "#", t.Args, 1)
}

func (t Type) isLongText() bool { return t == Type{Name: "text"} }

// isLong reports whether values are stored apart from their row.
func (t Type) isLong() bool { return t.isLongText() || t.Name == "json" || t.Name == "bytes" }

// sqlcTypes returns what sqlc calls the types of an engine.
func sqlcTypes(e Engine) []string {
	names := []string{longText.dialects[e].sqlc}
	for _, k := range kinds {
		names = append(names, k.dialects[e].sqlc)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

package resource

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// initialisms are the parts of names that are upper case in Go, as in sqlc.yaml.
var initialisms = map[string]bool{"id": true, "ip": true, "mac": true}

// GoName turns a name in snake_case into an exported Go name, as sqlc does.
func GoName(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		switch {
		case initialisms[part]:
			b.WriteString(strings.ToUpper(part))
		case part != "":
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// GoName returns the name of the Go type of a row.
func (r Resource) GoName() string { return GoName(r.Name) }

// GoPlural returns the plural for names in Go.
func (r Resource) GoPlural() string { return GoName(r.Plural) }

// GoFile returns the name of the resource's Go files without extension. It has no _, because Go
// skips files such as time_windows.go on other systems.
func (r Resource) GoFile() string { return strings.ReplaceAll(r.Plural, "_", "") }

// Words returns a name in snake_case as separate words.
func Words(name string) string { return strings.ReplaceAll(name, "_", " ") }

// Words returns the name as separate words.
func (r Resource) Words() string { return Words(r.Name) }

// PluralWords returns the plural as separate words.
func (r Resource) PluralWords() string { return Words(r.Plural) }

// WithArticle returns words with "a" or "an" before them.
func WithArticle(words string) string {
	if strings.ContainsAny(words[:1], "aeio") { // a u mostly sounds as in user
		return "an " + words
	}
	return "a " + words
}

// Capitalized returns a text with its first letter in upper case. The letter must be ASCII.
func Capitalized(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// pluralOf returns the plural of most English names. A description can set another one.
func pluralOf(name string) string {
	last := name[max(0, len(name)-1):]
	before := name[max(0, len(name)-2):max(0, len(name)-1)]
	switch {
	case last == "y" && !strings.ContainsAny(before, "aeiou"):
		return name[:len(name)-1] + "ies"
	case last == "s", last == "x", last == "z", strings.HasSuffix(name, "ch"), strings.HasSuffix(name, "sh"):
		return name + "es"
	default:
		return name + "s"
	}
}

// MaxIdentifier is the maximal length of the name of a table, index or constraint on all engines
// (PostgreSQL: 63 bytes, MySQL: 64 characters). PostgreSQL cuts off longer names without an error.
const MaxIdentifier = 63

// Identifier returns the name of an index or a constraint: table, columns and suffix ("key", "fkey"
// or "idx") with _ between them. A name that is too long for an engine ends in a hash instead.
func Identifier(table string, columns []string, suffix string) string {
	full := table + "_" + strings.Join(columns, "_") + "_" + suffix
	if len(full) <= MaxIdentifier {
		return full
	}
	hash := sha256.Sum256([]byte(full))
	end := "_" + hex.EncodeToString(hash[:4]) + "_" + suffix
	return strings.TrimRight(full[:MaxIdentifier-len(end)], "_") + end
}

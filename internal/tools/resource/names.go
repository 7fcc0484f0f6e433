package resource

import "strings"

// initialisms are the parts of names that Go writes in upper case; those of sqlc.yaml.
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

// GoName returns the name of the resource's row in Go.
func (r Resource) GoName() string { return GoName(r.Name) }

// GoPlural returns the name of the resource's list in Go.
func (r Resource) GoPlural() string { return GoName(r.Plural) }

// Words returns the name as people write it.
func (r Resource) Words() string { return strings.ReplaceAll(r.Name, "_", " ") }

// pluralOf returns the plural of an English name in most cases; a description can name another one.
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

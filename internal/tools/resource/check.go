package resource

import (
	"slices"
	"strings"

	"github.com/jinzhu/inflection"
	"go.yaml.in/yaml/v3"
)

// reservedName returns why a field can't have this name; "" if it can.
func reservedName(name string) string {
	switch {
	case slices.Contains([]string{TenantID, ID, CreatedAt, UpdatedAt, Version, NameKey, SearchText, "lock_count"}, name):
		return "it is the name of a standard column"
	case slices.Contains([]string{"q", "sort", "cursor", "limit", "count", "dry_run", "after_id", "last_id", "pattern"}, name):
		return "lists and queries have a parameter of this name"
	case slices.Contains(words, name):
		return "it is a reserved word of SQL"
	}
	return ""
}

// words are the reserved words of PostgreSQL, MySQL, MariaDB and SQLite that somebody might choose
// as the name of a field.
var words = strings.Fields(`
	access add all alter analyse analyze and any array as asc asymmetric authorization before begin
	between bigint binary blob both break by call cascade case cast change char character check
	collate column commit condition const constraint continue convert create cross cube current
	cursor database databases dec decimal declare default deferrable delayed delete desc describe
	deterministic distinct div do double drop dual each else elseif empty end escape except exists
	exit explain false fetch float for force foreign from full fulltext function generated glob
	grant group grouping groups having if ignore immediate in index infile inner inout insert int
	integer intersect interval into is isnull iterate join key keys kill lag language last_value
	lateral lead leading leave left like limit linear lines load localtime lock long longblob
	longtext loop low_priority match maxvalue mediumint mod modifies natural not notnull null
	numeric of offset on only optimize option or order out outer outfile over overlaps partition
	placing precision primary procedure purge raise range rank read reads real recursive references
	regexp release rename repeat replace require resignal restrict return returning revoke right
	rlike row rows schema schemas select self separator session_user set show signal similar
	smallint some spatial sql sqlexception sqlstate sqlwarning ssl starting stored straight_join
	switch symmetric system table tablesample terminated then tinyint to trailing transaction
	trigger true undo union unique unlock unsigned update usage use user using values varbinary
	varchar variadic varying verbose virtual when where while window with write xor zerofill`)

// goWords are the reserved words of Go that aren't reserved in SQL. They can be names of fields,
// but not of resources or packages.
var goWords = strings.Fields("chan defer fallthrough func go goto import interface map package struct type var")

// check returns an error for a description that can't be generated.
func (p *parser) check(r *Resource) error {
	for _, c := range []struct {
		key, value string
		fits       bool
		want       string
	}{
		{"name", r.Name, nameForm.MatchString(r.Name) && len(r.Name) <= 30, "a name in lower case like work_order, of at most 30 characters"},
		{"plural", r.Plural, nameForm.MatchString(r.Plural) && len(r.Plural) <= 32 && r.Plural != r.Name, "a name in lower case of at most 32 characters that differs from the singular"},
		{"tag", r.Tag, nameForm.MatchString(r.Tag), "a name in lower case"},
		{"package", r.Package, nameForm.MatchString(r.Package) && !strings.Contains(r.Package, "_"), "the name of a Go package"},
		{"path", r.Path, pathForm.MatchString(r.Path), "a path like /work-orders"},
		{
			"name", r.Name, !slices.Contains(words, r.Name) && !slices.Contains(goWords, r.Name) && !slices.Contains(entities, r.Name),
			"another name: this one is a reserved word of SQL or Go, or taken",
		},
		{"package", r.Package, !slices.Contains(words, r.Package) && !slices.Contains(goWords, r.Package) &&
			!slices.Contains([]string{"main", "internal", "testdata", "vendor"}, r.Package), "another name: this one is reserved"},
	} {
		if !c.fits {
			return p.errorf(p.at(c.key), "%s is %q; it must be %s", c.key, c.value, c.want)
		}
	}
	if row := inflection.Singular(r.Plural); row != r.Name {
		return p.errorf(p.at("plural"), "sqlc forms the singular of %s as %s, not %s: choose another name or plural", r.Plural, row, r.Name)
	}
	for _, f := range r.Fields {
		if err := p.checkField(r, f); err != nil {
			return err
		}
	}
	if label, ok := r.Field(r.Label); !ok || !label.Type.isText() || label.Null {
		return p.errorf(p.at("label"), "label is %q; it must be a text field that is never null", r.Label)
	}
	if err := p.checkSort(r); err != nil {
		return err
	}
	return p.checkSizes(r)
}

// at returns the position of a key in the description; the beginning of the description if it lacks
// the key.
func (p *parser) at(key string) *yaml.Node {
	if n := p.top[key]; n != nil {
		return n
	}
	return p.top[""]
}

func (p *parser) checkField(r *Resource, f Field) error {
	at := &yaml.Node{Line: f.Line}
	reason := reservedName(f.Name)
	switch {
	case !nameForm.MatchString(f.Name) || len(f.Name) > 30:
		return p.errorf(at, "%q can't be the name of a field: use lower case like start_date, at most 30 characters", f.Name)
	case reason != "":
		return p.errorf(at, "a field can't be called %s: %s", f.Name, reason)
	case f.Name == r.Name || f.Name == r.Plural:
		return p.errorf(at, "the field %s has the name of its resource", f.Name)
	case f.Null && f.Default != nil:
		return p.errorf(at, "%s has null and a default: a field that may be null can't have a default", f.Name)
	case f.Null && (f.Type.Kind == Code || f.Type.Kind == Name && f.Name == "name"):
		return p.errorf(at, "%s can't be null, because it identifies rows", f.Name)
	case f.Null && f.Type.Kind == Address:
		return p.errorf(at, "%s is an address, which can't be null: only its parts can", f.Name)
	case f.Type.Kind == Address && (f.Search || f.Filter || f.Fixed):
		return p.errorf(at, "an address can't be fixed, and search and filter must name its parts, such as filter: [country]")
	case f.Search && !f.Type.isText():
		return p.errorf(at, "%s of type %s can't be searched: only texts can", f.Name, f.Type)
	case f.Filter && !f.Type.isKey():
		return p.errorf(at, "%s of type %s can't have filter: only texts of at most %d characters and other types than float and address can", f.Name, f.Type, maxKeyText)
	case f.Type.Kind != Address && (f.Parts.Search != nil || f.Parts.Filter != nil):
		return p.errorf(at, "search and filter of %s must be true or false: only an address has parts", f.Name)
	}
	if err := p.checkUnique(r, f, at); err != nil {
		return err
	}
	return p.checkReference(r, f, at)
}

func (p *parser) checkUnique(r *Resource, f Field, at *yaml.Node) error {
	if f.Unique == nil {
		return nil
	}
	if !f.Type.isKey() || f.Type.Kind == Bool {
		return p.errorf(at, "%s of type %s can't be unique", f.Name, f.Type)
	}
	for _, name := range f.Unique[1:] {
		with, ok := r.Field(name)
		if !ok || name == f.Name || !with.Type.isKey() {
			return p.errorf(at, "%s can't be unique together with %q: this must be another field that an index can have", f.Name, name)
		}
	}
	return nil
}

func (p *parser) checkReference(r *Resource, f Field, at *yaml.Node) error {
	if f.Type.Kind != Ref {
		if f.OnDelete != "" {
			return p.errorf(at, "%s has on_delete without ref", f.Name)
		}
		return nil
	}
	switch {
	case !strings.HasSuffix(f.Name, "_id"):
		return p.errorf(at, "%s refers to a row, so its name must end in _id", f.Name)
	case f.OnDelete == "":
		return p.errorf(at, "%s must have on_delete: cascade or detach, for a %s whose %s is deleted", f.Name, r.Words(), f.Ref)
	case f.OnDelete == Detach && !f.Null:
		return p.errorf(at, "%s can't be detached, because it can't be null", f.Name)
	}
	return nil
}

func (p *parser) checkSort(r *Resource) error {
	for _, key := range r.Sort {
		if key == CreatedAt {
			continue
		}
		f, ok := r.Field(key)
		switch {
		case !ok:
			return p.errorf(p.at("sort"), "sort has %q, but there is no field of this name", key)
		case key == "name" && f.Type.Kind != Name:
			return p.errorf(p.at("sort"), "lists can be sorted by name only if its type is name")
		case f.Null:
			return p.errorf(p.at("sort"), "lists can't be sorted by %s, because it may be null", key)
		case !f.Type.isSortable():
			return p.errorf(p.at("sort"), "lists can't be sorted by %s of type %s", key, f.Type)
		}
	}
	return nil
}

// Limits of MySQL in characters of 4 bytes: for the search text of a row, and for all columns of an
// index.
const (
	maxSearched = 15000
	maxIndex    = 3072 / 4
)

// checkSizes returns an error if searched fields or unique keys are too long for an engine.
func (p *parser) checkSizes(r *Resource) error {
	searched := 0
	for _, f := range r.Fields {
		if f.Search {
			searched += f.Type.Size
		}
	}
	if searched > maxSearched {
		return p.errorf(p.at("fields"), "the searched fields have %d characters together; the limit is %d", searched, maxSearched)
	}
	for _, key := range r.UniqueKeys() {
		if name := r.Plural + "_" + strings.Join(key, "_") + "_key"; len(name) > MaxIdentifier {
			return p.errorf(p.at("fields"), "the name of the unique key %s has %d characters; the limit is %d: choose shorter names", name, len(name), MaxIdentifier)
		}
		if size := r.indexSize(key); size > maxIndex {
			return p.errorf(p.at("fields"), "a unique key of %s is too long for an index: it has %d characters; the limit is %d",
				strings.Join(key[1:], ", "), size, maxIndex)
		}
	}
	return nil
}

// indexSize returns the maximal number of characters that columns have in an index.
func (r Resource) indexSize(columns []string) int {
	const other = 36 // the length of an id; numbers and times are shorter
	size := 0
	for _, c := range r.Columns() {
		switch {
		case !slices.Contains(columns, c.Name):
		case c.Type.isText():
			size += c.Type.Size
		default:
			size += other
		}
	}
	return size
}

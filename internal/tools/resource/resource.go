// Package resource reads the descriptions of resources (sql/resources/*.yaml). Generators make
// standard queries, Go code and tests from them. docs/add-an-endpoint.md explains the notation.
package resource

import (
	"cmp"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
)

// Resource is one description: a table of rows that belong to tenants, with five standard
// operations.
type Resource struct {
	Name    string // singular, snake_case: also the entity type in the audit trail and the x-entity of ids
	Plural  string // also the name of the table
	Path    string // of the list, below /api/v1
	Tag     string // in the OpenAPI document
	Package string // the folder of the service below internal
	Label   string // the field that names a row in the audit trail
	Read    string // the role that is needed to read
	Write   string // the role that is needed to change
	Fields  []Field
	Sort    []string // the fields that a list can be sorted by; the first one is the default
	File    string   // the path of the description
}

// Field is a field in the API. It is stored in one or more columns.
type Field struct {
	Name     string
	Line     int // in the description
	Type     Type
	Enum     []string // the values of an Enum
	Ref      string   // the name of the resource that a Ref refers to, "user" included
	OnDelete OnDelete // of a Ref: what happens to this row when the row that it refers to is deleted

	// SameCompany says that the row that a Ref refers to must belong to the same company. InOrder
	// sets it, because it depends on the other resource.
	SameCompany bool

	Null    bool     // may be null
	Fixed   bool     // can't be changed after creation
	Search  bool     // q searches it
	Filter  bool     // a list has a parameter of this name
	Default any      // string, bool, int64 or nil: the value of a new row if the request has none
	Unique  []string // the value is unique together with these columns, "tenant_id" first; nil if it isn't unique
	Parts   Parts    // of an Address
}

// Parts are the parts of an address that q searches and that lists have a filter for.
type Parts struct{ Search, Filter []string }

// OnDelete says what happens to a row when a row that it refers to is deleted.
type OnDelete string

// Cascade deletes the row too. Detach sets its reference to null. With Custom the hand-written
// service of the other resource handles the row.
const (
	Cascade OnDelete = "cascade"
	Detach  OnDelete = "detach"
	Custom  OnDelete = "custom"
)

// Required reports whether a request to create a row must have the field.
func (f Field) Required() bool { return !f.Null && f.Default == nil && f.Type.Kind != Address }

// Load reads and checks the descriptions in a folder. A resource comes after those that it refers
// to; apart from that they are ordered by name. Errors name file and line.
func Load(fsys fs.FS, dir string) ([]Resource, error) {
	files, err := fs.Glob(fsys, path.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list descriptions: %w", err)
	}
	all := make([]Resource, 0, len(files))
	for _, file := range files {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read description: %w", err)
		}
		r, err := Parse(file, text)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return InOrder(all)
}

// entities are the names without a description that a ref may have.
var entities = []string{"user"}

// InOrder checks the references between resources, and sorts the resources as Load does.
func InOrder(all []Resource) ([]Resource, error) {
	slices.SortFunc(all, func(a, b Resource) int { return cmp.Compare(a.Name, b.Name) })
	byName := map[string]Resource{}
	for _, r := range all {
		for _, other := range all {
			if other.File != r.File && (other.Name == r.Name || other.Plural == r.Plural || other.Path == r.Path) {
				return nil, fmt.Errorf("%s: %s has the same name, plural or path", r.File, other.File)
			}
		}
		byName[r.Name] = r
	}
	sorted := make([]Resource, 0, len(all))
	state := map[string]int{} // 1: being visited, 2: in sorted
	var visit func(r Resource) error
	visit = func(r Resource) error {
		state[r.Name] = 1
		for _, f := range r.References() {
			target, described := byName[f.Ref]
			switch {
			case f.Ref == r.Name && f.OnDelete == Cascade:
				return fmt.Errorf("%s:%d: %s refers to %s itself, so on_delete must be detach or custom", r.File, f.Line, f.Name, r.Name)
			case f.Ref == r.Name || slices.Contains(entities, f.Ref):
			case !described:
				return fmt.Errorf("%s:%d: %s refers to %q, which has no description; it can refer to %s",
					r.File, f.Line, f.Name, f.Ref, strings.Join(known(all), ", "))
			case state[f.Ref] == 1:
				return fmt.Errorf("%s:%d: %s and %s refer to each other", r.File, f.Line, r.Name, f.Ref)
			case state[f.Ref] == 0:
				if err := visit(target); err != nil {
					return err
				}
			}
		}
		state[r.Name] = 2
		sorted = append(sorted, r)
		return nil
	}
	for _, r := range all {
		if state[r.Name] == 0 {
			if err := visit(r); err != nil {
				return nil, err
			}
		}
	}
	for _, r := range sorted {
		_, within := r.Parent()
		for i, f := range r.Fields {
			_, targetWithin := byName[f.Ref].Parent()
			r.Fields[i].SameCompany = within && targetWithin
		}
	}
	return sorted, nil
}

func known(all []Resource) []string {
	names := slices.Clone(entities)
	for _, r := range all {
		names = append(names, r.Name)
	}
	return names
}

// Field returns the field with a name, and whether there is one.
func (r Resource) Field(name string) (Field, bool) {
	i := slices.IndexFunc(r.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return r.Fields[i], true
}

// References returns the fields that refer to other rows.
func (r Resource) References() []Field {
	var refs []Field
	for _, f := range r.Fields {
		if f.Type.Kind == Ref {
			refs = append(refs, f)
		}
	}
	return refs
}

// Parent returns the required, fixed field that names the company of a row, and whether there is
// one. A row of a company can only refer to rows of the same company.
func (r Resource) Parent() (Field, bool) {
	i := slices.IndexFunc(r.Fields, func(f Field) bool { return f.Ref == "company" && f.Fixed && !f.Null })
	if i < 0 {
		return Field{}, false
	}
	return r.Fields[i], true
}

// ForeignKey returns the columns of the foreign key for a reference.
func (r Resource) ForeignKey(f Field) []string {
	if parent, ok := r.Parent(); ok && f.SameCompany {
		return []string{TenantID, parent.Name, f.Name}
	}
	return []string{TenantID, f.Name}
}

// IsSearched reports whether lists have the parameter q.
func (r Resource) IsSearched() bool {
	return slices.ContainsFunc(r.Fields, func(f Field) bool { return f.Search || len(f.Parts.Search) > 0 })
}

// Filters returns the names of the fields and address parts by which lists can be filtered, in the
// order of the description.
func (r Resource) Filters() []string {
	var names []string
	for _, f := range r.Fields {
		if f.Filter {
			names = append(names, f.Name)
		}
		names = append(names, f.Parts.Filter...)
	}
	return names
}

// FilterColumns returns the columns of Filters, in the same order.
func (r Resource) FilterColumns() []string {
	var columns []string
	for _, f := range r.Fields {
		if f.Filter {
			columns = append(columns, f.Name)
		}
		for _, part := range f.Parts.Filter {
			columns = append(columns, AddressColumn(part))
		}
	}
	return columns
}

// Searched returns the fields that q searches. For an address it returns each searched part; for
// other fields the part is "".
func (r Resource) Searched() iter.Seq2[Field, string] {
	return func(yield func(Field, string) bool) {
		for _, f := range r.Fields {
			if f.Search && !yield(f, "") {
				return
			}
			for _, part := range f.Parts.Search {
				if !yield(f, part) {
					return
				}
			}
		}
	}
}

// UniqueKeys returns the columns of each unique key.
func (r Resource) UniqueKeys() [][]string {
	var keys [][]string
	for _, f := range r.Fields {
		if f.Unique != nil {
			keys = append(keys, append(slices.Clone(f.Unique), f.Name))
		}
	}
	return keys
}

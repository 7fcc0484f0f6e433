// Package resource reads the descriptions of resources (sql/resources/*.yaml), from which their
// standard queries, Go code and tests are made. docs/add-an-endpoint.md explains the notation.
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

// Resource is one description: a table of tenants' rows with the five standard operations.
type Resource struct {
	Name    string // singular, snake_case: the entity type of the audit trail and the x-entity of ids
	Plural  string // the table
	Path    string // of the list, below /api/v1
	Tag     string // of the document
	Package string // the folder of the service below internal
	Label   string // the field that names a row to people, in the trail
	Read    string // the role that may read
	Write   string // the role that may change
	Fields  []Field
	Sort    []string // the fields that a list can be sorted by; the first one is the default
	File    string   // the description's
}

// Field is what clients see of one or more columns.
type Field struct {
	Name     string
	Line     int // in the description
	Type     Type
	Enum     []string // the values of an Enum
	Ref      string   // the name of the resource that a Ref refers to, "user" included
	OnDelete OnDelete // what happens to the row when the row that a Ref refers to is deleted

	// SameCompany says that the row that a Ref refers to must belong to the same company. Load and
	// InOrder set it, because it depends on the other resource.
	SameCompany bool

	Null    bool     // may be absent
	Fixed   bool     // can't change after the creation
	Search  bool     // q finds rows by it
	Filter  bool     // a list has a parameter of this name
	Default any      // string, bool, int64 or nil: the value at the creation if the request has none
	Unique  []string // the fields that its value is unique among, "tenant_id" first; nil if it isn't unique
	Parts   Parts    // for an Address
}

// Parts are the parts of an address that q and the parameters of lists use.
type Parts struct{ Search, Filter []string }

// OnDelete says what the deletion of a row does to those that refer to it.
type OnDelete string

// What a deletion does: it takes the rows along, sets their reference to null, or does what the
// service of the other resource has by hand.
const (
	Cascade OnDelete = "cascade"
	Detach  OnDelete = "detach"
	Custom  OnDelete = "custom"
)

// Required reports whether a request to create a row must have the field.
func (f Field) Required() bool { return !f.Null && f.Default == nil && f.Type.Kind != Address }

// Load reads the descriptions in a folder. Each comes after those that it refers to; otherwise they
// are in the order of their names. An error names file and line.
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

// entities are what a description may refer to without being described.
var entities = []string{"user"}

// InOrder checks the references between resources, and sorts them as Load does.
func InOrder(all []Resource) ([]Resource, error) {
	slices.SortFunc(all, func(a, b Resource) int { return cmp.Compare(a.Name, b.Name) })
	byName := map[string]Resource{}
	for _, r := range all {
		for _, other := range all {
			if other.File != r.File && (other.Name == r.Name || other.Plural == r.Plural || other.Path == r.Path) {
				return nil, fmt.Errorf("%s: %s describes the same name, plural or path", r.File, other.File)
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
				return fmt.Errorf("%s:%d: %s refers to %q, which no description has; known are %s",
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

// Field returns the field of a name, and whether there is one.
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

// Parent returns the field that says which company a row belongs to for good, and whether there is
// one. What such rows refer to must belong to the same company.
func (r Resource) Parent() (Field, bool) {
	i := slices.IndexFunc(r.Fields, func(f Field) bool { return f.Ref == "company" && f.Fixed && !f.Null })
	if i < 0 {
		return Field{}, false
	}
	return r.Fields[i], true
}

// ForeignKey returns the columns of the foreign key of a reference.
func (r Resource) ForeignKey(f Field) []string {
	if parent, ok := r.Parent(); ok && f.SameCompany {
		return []string{TenantID, parent.Name, f.Name}
	}
	return []string{TenantID, f.Name}
}

// IsSearched reports whether lists have q.
func (r Resource) IsSearched() bool {
	return slices.ContainsFunc(r.Fields, func(f Field) bool { return f.Search || len(f.Parts.Search) > 0 })
}

// Filters returns the fields and parts of addresses by which lists can be filtered, in the order of
// the description.
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

// Searched returns the fields that q is looked for in, each with the part of an address; "" for the
// others.
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

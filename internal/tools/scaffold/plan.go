package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// The folders of descriptions and migrations.
const (
	descriptions = "sql/resources"
	migrations   = "sql/migrations"
)

// file is a file that is written once and then changed by hand.
type file struct {
	path    string
	what    string // its purpose, for the report
	content []byte
}

// plan has the files that a description needs.
type plan struct {
	resource resource.Resource
	files    []file
	document []byte // openapi/document.yaml with one more tag
}

// newPlan renders all files without writing them. It returns an error if the description is wrong,
// or if one of the files exists.
func newPlan(root *os.Root, name string, text []byte) (plan, error) {
	r, all, err := describe(root, name, text)
	if err != nil {
		return plan{}, err
	}
	number, err := nextMigration(root.FS())
	if err != nil {
		return plan{}, err
	}
	operations, err := readOperations(root.FS())
	if err != nil {
		return plan{}, err
	}
	pages, err := parseTemplates()
	if err != nil {
		return plan{}, err
	}
	v := newView(r, all, operations)
	p := plan{resource: r}
	for _, f := range []struct{ path, what, template string }{
		{descriptionOf(r), "the description: the source of generated code", ""},
		{fmt.Sprintf("%s/%05d_create_%s.sql", migrations, number, r.Plural), "the table", "migration.sql.tmpl"},
		{"openapi/tags/" + r.Tag + ".yaml", "the part of the OpenAPI document, with examples", "document.yaml.tmpl"},
		{"internal/" + r.Package + "/" + r.GoFile() + ".go", "the service, with a place for your rules", "service.go.tmpl"},
		{"internal/" + r.Package + "/" + r.GoFile() + "_test.go", "its tests", "test.go.tmpl"},
	} {
		content := text
		if f.template != "" {
			if content, err = v.render(pages, f.template); err != nil {
				return plan{}, err
			}
		}
		p.files = append(p.files, file{f.path, f.what, content})
	}
	if p.document, err = withTag(root.FS(), r.Tag); err != nil {
		return plan{}, err
	}
	if err := mayUse(root, r, all, operations); err != nil {
		return plan{}, err
	}
	return p, p.mustBeNew(root, name)
}

// mayUse returns an error if the document already has operations of this name, or if the package
// has other code than resources.
func mayUse(root *os.Root, r resource.Resource, all []resource.Resource, operations map[string]string) error {
	id := "get" + r.GoName()
	if _, taken := operations[id]; taken {
		return fmt.Errorf("%s:1: the document already has an operation %s: choose another name", r.File, id)
	}
	isShared := slices.ContainsFunc(all, func(other resource.Resource) bool { return other.Name != r.Name && other.Package == r.Package })
	if _, err := root.Stat("internal/" + r.Package); err == nil && !isShared {
		return fmt.Errorf("%s:1: internal/%s exists and isn't a package of resources: choose another package", r.File, r.Package)
	}
	return nil
}

// tagList matches the list of tags in documentFile.
var tagList = regexp.MustCompile(`(?m)^tags: \[([a-z0-9_, ]+)\]$`)

// documentFile is the source with the order of the tags.
const documentFile = "openapi/document.yaml"

// withTag returns documentFile with a new tag after those of resources.
func withTag(fsys fs.FS, tag string) ([]byte, error) {
	text, err := fs.ReadFile(fsys, documentFile)
	if err != nil {
		return nil, fmt.Errorf("read the document's head: %w", err)
	}
	m := tagList.FindSubmatchIndex(text)
	if m == nil {
		return nil, fmt.Errorf("%s has no line tags: [...]", documentFile)
	}
	tags := strings.Split(string(text[m[2]:m[3]]), ", ")
	if slices.Contains(tags, tag) {
		return nil, fmt.Errorf("%s already has a tag %s: choose another tag", documentFile, tag)
	}
	at := slices.Index(tags, "audit")
	if at < 0 {
		at = len(tags)
	}
	list := strings.Join(slices.Insert(tags, at, tag), ", ")
	return slices.Concat(text[:m[2]], []byte(list), text[m[3]:]), nil
}

// describe reads the new description and the existing ones. The new one may already be in
// sql/resources.
func describe(root *os.Root, name string, text []byte) (r resource.Resource, all []resource.Resource, err error) {
	if r, err = resource.Parse(name, text); err != nil {
		return r, nil, err
	}
	if all, err = resource.Load(root.FS(), descriptions); err != nil {
		return r, nil, err
	}
	if path.Clean(filepath.ToSlash(name)) != descriptionOf(r) {
		if all, err = resource.InOrder(append(all, r)); err != nil {
			return r, nil, err
		}
	}
	i := slices.IndexFunc(all, func(other resource.Resource) bool { return other.Name == r.Name })
	return all[i], all, nil
}

func descriptionOf(r resource.Resource) string { return path.Join(descriptions, r.Name+".yaml") }

func (p plan) mustBeNew(root *os.Root, name string) error {
	for _, f := range p.files {
		if f.path == filepath.ToSlash(filepath.Clean(name)) {
			continue // the description is in its place already
		}
		if _, err := root.Stat(f.path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s exists: files of a resource are written only once, because you change them", f.path)
		}
	}
	return nil
}

func (p plan) write(root *os.Root) error {
	for _, f := range p.files {
		if err := root.MkdirAll(path.Dir(f.path), 0o755); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
		if err := root.WriteFile(f.path, f.content, 0o644); err != nil {
			return fmt.Errorf("write file: %w", err)
		}
	}
	if err := root.WriteFile(documentFile, p.document, 0o644); err != nil {
		return fmt.Errorf("write the list of tags: %w", err)
	}
	return nil
}

// nextMigration returns the number after the last migration.
func nextMigration(fsys fs.FS) (int, error) {
	files, err := fs.Glob(fsys, migrations+"/*.sql")
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("no migrations in %s: run this in the root of the repository: %w", migrations, errors.Join(err, fs.ErrNotExist))
	}
	last := 0
	for _, f := range files {
		var number int
		if _, err := fmt.Sscanf(path.Base(f), "%05d_", &number); err != nil {
			return 0, fmt.Errorf("%s has no number: %w", f, err)
		}
		last = max(last, number)
	}
	return last + 1, nil
}

// report prints what was done, and the next steps.
func (p plan) report(out io.Writer) {
	fmt.Fprintf(out, "Wrote the files of %s. They are yours: nothing writes them again.\n", p.resource.Plural)
	width := 0
	for _, f := range p.files {
		width = max(width, len(f.path))
	}
	for _, f := range p.files {
		fmt.Fprintf(out, "  %-*s  %3d lines  %s\n", width, f.path, strings.Count(string(f.content), "\n"), f.what)
	}
	fmt.Fprintf(out, "Added the tag %s to %s.\n", p.resource.Tag, documentFile)
	fmt.Fprintf(out, `Next:
  1. Read the texts in openapi/tags/%s.yaml and explain what a %s is.
  2. make generate                     queries, handlers, clients and documents
  3. go test ./internal/%s
  4. Write the rules of %s into internal/%s/%s.go, a test for each.
  5. make test
`, p.resource.Tag, p.resource.Words(), p.resource.Package, p.resource.Plural, p.resource.Package, p.resource.GoFile())
}

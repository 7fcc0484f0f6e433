package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// documentFile is the bundled OpenAPI document.
const documentFile = "openapi/openapi.yaml"

// document is the part of the OpenAPI document that is compared with descriptions.
type document struct {
	Paths map[string]struct {
		Get    operation `yaml:"get"`
		Post   operation `yaml:"post"`
		Put    operation `yaml:"put"`
		Delete operation `yaml:"delete"`
	} `yaml:"paths"`
	Components struct {
		Parameters map[string]parameter `yaml:"parameters"`
		Schemas    map[string]struct {
			Properties map[string]yaml.Node `yaml:"properties"`
		} `yaml:"schemas"`
	} `yaml:"components"`
}

type operation struct {
	Role       string      `yaml:"x-required-role"` //nolint:tagliatelle // the document's key
	Parameters []parameter `yaml:"parameters"`
}

type parameter struct {
	Name string `yaml:"name"`
	Ref  string `yaml:"$ref"`
}

// checkDocument compares the roles, fields and list parameters of descriptions with the
// hand-written OpenAPI document. The compiler would report most differences too, but in generated
// code.
func checkDocument(fsys fs.FS, described []resource.Resource) error {
	text, err := fs.ReadFile(fsys, documentFile)
	if err != nil {
		return fmt.Errorf("read the document: %w", err)
	}
	var d document
	if err := yaml.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("%s: %w", documentFile, err)
	}
	var faults []error
	for _, r := range described {
		faults = append(faults, d.check(r)...)
	}
	slices.SortFunc(faults, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(faults...)
}

// check returns the differences between the document and a description.
func (d document) check(r resource.Resource) []error {
	var faults []error
	fault := func(line int, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s:%d: %w", r.File, line, fmt.Errorf(format, args...)))
	}
	path := "/api/v1" + r.Path
	all, one := d.Paths[path], d.Paths[path+"/{id}"]
	for name, o := range map[string]struct{ document, role string }{
		"list": {all.Get.Role, r.Read}, "create": {all.Post.Role, r.Write},
		"get": {one.Get.Role, r.Read}, "update": {one.Put.Role, r.Write}, "delete": {one.Delete.Role, r.Write},
	} {
		switch o.document {
		case o.role:
		case "":
			fault(1, "the document has no operation to %s %s at %s", name, r.Plural, path)
		default:
			fault(1, "the document requires the role %s to %s, but the description requires %s", o.document, name, o.role)
		}
	}
	shown, changed := d.Components.Schemas[r.GoName()].Properties, d.Components.Schemas[r.GoName()+"Update"].Properties
	known := []string{resource.ID, resource.TenantID, resource.CreatedAt, resource.UpdatedAt, resource.Version}
	for _, f := range r.Fields {
		known = append(known, f.Name)
		if _, ok := shown[f.Name]; !ok {
			fault(f.Line, "the schema %s of the document has no property %s", r.GoName(), f.Name)
		}
		if _, ok := changed[f.Name]; ok == f.Fixed {
			fault(f.Line, "%s has fixed: %t in the description, but not in the schema %sUpdate of the document", f.Name, f.Fixed, r.GoName())
		}
	}
	for name := range shown {
		if !slices.Contains(known, name) {
			fault(1, "the schema %s of the document has a property %s, which the description lacks", r.GoName(), name)
		}
	}
	parameters := d.listParameters(path)
	for _, name := range parameters {
		if !slices.Contains(append(r.Filters(), "tenant_id", "limit", "cursor", "count", "q", "sort"), name) {
			fault(1, "in the document the list of %s has the parameter %s, but no field in the description is such a filter", r.Plural, name)
		}
	}
	for _, name := range r.Filters() {
		if !slices.Contains(parameters, name) {
			fault(1, "%s can be filtered by %s in the description, but the list in the document has no such parameter", r.Plural, name)
		}
	}
	if r.IsSearched() != slices.Contains(parameters, "q") {
		fault(1, "the list of %s must have the parameter q in the document if and only if a field has search", r.Plural)
	}
	return faults
}

// listParameters returns the names of the parameters of a list.
func (d document) listParameters(path string) []string {
	var names []string
	for _, p := range d.Paths[path].Get.Parameters {
		if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
			p = d.Components.Parameters[name]
		}
		names = append(names, p.Name)
	}
	return names
}

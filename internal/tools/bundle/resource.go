package main

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	described "github.com/tenantry/tenantry/internal/tools/resource"
)

// resource has the key "resource" of a tag's file, and what is made from it.
type resource struct {
	entity   string                // branch: the name in audit actions and x-entity
	plural   string                // branches
	path     string                // /api/v1/org/branches
	schema   string                // Branch
	page     string                // BranchPage
	name     *yaml.Node            // the value of entity: the position of mistakes
	example  *yaml.Node            // of the schema
	fields   *yaml.Node            // the properties of the schema
	defaults map[string]*yaml.Node // the values of a new row's fields if the request doesn't set them
}

// standardOperations are the operations in openapi/resource.yaml.
var standardOperations = map[string]struct{ path, method string }{
	"list":   {"<path>", "get"},
	"create": {"<path>", "post"},
	"get":    {"<path>/{id}", "get"},
	"update": {"<path>/{id}", "put"},
	"delete": {"<path>/{id}", "delete"},
}

var resourceKeys = []string{"entity", "plural", "path", "read", "write", "unique_in", "operations"}

// expand merges the paths and components of a tag's file into those of openapi/resource.yaml, and
// fills in the names.
func (b *bundler) expand(t *tagFile) {
	b.expandLikes(t.root)
	node := take(t.root, "resource")
	if node == nil {
		return
	}
	b.refuseUnknown(node, resourceKeys)
	r := &resource{entity: value(node, "entity"), plural: value(node, "plural"), path: value(node, "path"), name: get(node, "entity"), defaults: map[string]*yaml.Node{}}
	if r.entity == "" {
		b.faultf(node, "a resource must have an entity, such as branch")
		return
	}
	if r.plural == "" {
		r.plural = r.entity + "s"
	}
	r.schema = described.GoName(r.entity)
	r.page = r.schema + "Page"
	t.resource = r
	names := r.names(node)
	template := b.clone(b.resource)
	b.expandLikes(template)
	b.chooseOperations(template, node)
	substitute(template, names)
	substitute(t.root, names)
	for _, key := range []string{"paths", "components"} {
		set(t.root, key, b.merge(get(template, key), orEmpty(get(t.root, key))))
	}
	b.makeForms(r, at(t.root, "components", "schemas"))
}

func (r *resource) names(node *yaml.Node) *strings.Replacer {
	noun := described.Words(r.entity)
	one := described.WithArticle(noun)
	return strings.NewReplacer("<a noun>", one, "<A noun>", described.Capitalized(one), "<noun>", noun, "<nouns>", described.Words(r.plural),
		"<entity>", r.entity, "<Entity>", r.schema, "<Entities>", described.GoName(r.plural), "<path>", r.path,
		"<read>", value(node, "read"), "<write>", value(node, "write"), "<unique_in>", value(node, "unique_in"))
}

// chooseOperations removes the operations from the template that the resource doesn't have. A
// resource without a list of operations has all.
func (b *bundler) chooseOperations(template, node *yaml.Node) {
	chosen := map[string]bool{}
	list := get(node, "operations")
	for _, name := range items(list) {
		if _, isKnown := standardOperations[name.Value]; !isKnown {
			b.faultf(name, "%q isn't an operation: use list, create, get, update or delete", name.Value)
		}
		chosen[name.Value] = true
	}
	paths := get(template, "paths")
	for name, where := range standardOperations {
		if list != nil && !chosen[name] {
			take(get(paths, where.path), where.method)
		}
	}
	for _, where := range standardOperations {
		if item := get(paths, where.path); item != nil && !hasOperations(item) {
			take(paths, where.path)
		}
	}
	if (list == nil || len(chosen) > 0) && (value(node, "path") == "" || value(node, "read") == "" || value(node, "write") == "") {
		b.faultf(node, "a resource with operations must have path, read and write")
	}
	b.checkValue(get(node, "read"), roles)
	b.checkValue(get(node, "write"), roles)
}

func hasOperations(item *yaml.Node) bool {
	return slices.ContainsFunc(methods, func(method string) bool { return get(item, method) != nil })
}

// expandLikes replaces each mapping {x-like: NAME, ...} by the template NAME of
// openapi/shared.yaml, changed by the other keys.
func (b *bundler) expandLikes(node *yaml.Node) {
	for i, child := range node.Content {
		b.expandLikes(child)
		name := take(child, "x-like")
		if name == nil {
			continue
		}
		template := at(b.shared, "templates", name.Value)
		if template == nil {
			b.faultf(name, "openapi/shared.yaml has no template %q", name.Value)
			continue
		}
		node.Content[i] = b.merge(b.clone(template), child)
	}
}

func substitute(node *yaml.Node, names *strings.Replacer) {
	if node.Kind == yaml.ScalarNode {
		node.Value = names.Replace(node.Value)
	}
	for _, child := range node.Content {
		substitute(child, names)
	}
}

func orEmpty(node *yaml.Node) *yaml.Node {
	if node == nil {
		return newMapping()
	}
	return node
}

// schemaName returns the last part of a $ref: Branch for {$ref: '#/components/schemas/Branch'}.
func schemaName(schema *yaml.Node) string {
	ref := value(schema, "$ref")
	if ref == "" {
		return ""
	}
	return path.Base(ref)
}

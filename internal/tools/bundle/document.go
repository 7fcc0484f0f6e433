package main

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	methods        = []string{"get", "put", "post", "delete"}
	componentKinds = []string{"securitySchemes", "parameters", "headers", "responses", "schemas"}
)

// operation is an operation of the document, with where it was found.
type operation struct {
	tag    *tagFile
	path   string
	method string
	key    *yaml.Node // the method: the position of mistakes that have no better one
	item   *yaml.Node // the path item
	node   *yaml.Node
}

// document joins the sources and adds what rules imply. It returns after the first step that finds
// mistakes, because later steps would report their consequences.
func (b *bundler) document() (*yaml.Node, error) {
	var operations []*operation
	for _, step := range []func(){
		b.expandAll,
		b.joinAll,
		b.addProblems,
		func() {
			b.insertExamples()
			operations = b.operations()
			for _, o := range operations {
				b.addExamples(o)
			}
		},
		func() {
			b.apply(operations)
			b.completeRequests(operations)
			b.check(b.main)
		},
	} {
		step()
		if err := b.faults.err(); err != nil {
			return nil, err
		}
	}
	return b.main, nil
}

func (b *bundler) expandAll() {
	b.expandLikes(b.main)
	b.expandLikes(get(b.shared, "components"))
	for _, t := range b.tags {
		b.expand(t)
		b.refuseUnknown(t.root, []string{"tag", "paths", "components", "examples"})
		if t.name == nil {
			b.faultf(t.root, "the file has no tag with a name")
		}
	}
}

func (b *bundler) joinAll() {
	set(b.main, "components", b.components())
	paths, tags := newMapping(), newSequence()
	for _, t := range b.tags {
		tags.Content = append(tags.Content, get(t.root, "tag"))
		b.join(paths, get(t.root, "paths"), "path")
	}
	set(b.main, "paths", paths)
	set(b.main, "tags", tags)
}

func (b *bundler) insertExamples() {
	named := b.namedExamples()
	b.insert(b.main, named)
	for _, t := range b.tags {
		if t.resource != nil {
			b.insert(t.resource.example, named)
		}
	}
}

// components joins the components of all sources.
func (b *bundler) components() *yaml.Node {
	all := newMapping()
	for _, kind := range componentKinds {
		set(all, kind, newMapping())
	}
	sources := []*yaml.Node{get(b.main, "components"), get(b.shared, "components")}
	for _, t := range b.tags {
		sources = append(sources, get(t.root, "components"))
	}
	for _, source := range sources {
		b.refuseUnknown(source, componentKinds)
		for kind, named := range entries(source) {
			if target := get(all, kind.Value); target != nil {
				b.join(target, named, kind.Value)
			}
		}
	}
	return all
}

// join adds the keys of source to target. A key that both have is a mistake.
func (b *bundler) join(target, source *yaml.Node, what string) {
	for key, node := range entries(source) {
		if other := keyOf(target, key.Value); other != nil {
			b.faultf(key, "%s %s is already defined in %s", what, key.Value, b.position(other))
			continue
		}
		target.Content = append(target.Content, key, node)
	}
}

// namedExamples joins the examples of all sources. The example of a resource is named after its
// entity.
func (b *bundler) namedExamples() *yaml.Node {
	all := newMapping()
	b.join(all, get(b.shared, "examples"), "example")
	for _, t := range b.tags {
		b.join(all, get(t.root, "examples"), "example")
		if r := t.resource; r != nil {
			own := newMapping()
			own.Content = append(own.Content, r.name, r.example)
			b.join(all, own, "example")
		}
	}
	return all
}

// insert replaces {$ref: '#/examples/NAME', ...} by the example NAME, changed by the other fields,
// and a $ref to #/info/KEY by the value of KEY. open are the references that are being replaced: if
// one occurs again, it refers to itself.
func (b *bundler) insert(node, named *yaml.Node, open ...string) {
	for i := range node.Content {
		node.Content[i] = b.inserted(node.Content[i], named, open)
	}
}

func (b *bundler) inserted(node, named *yaml.Node, open []string) *yaml.Node {
	ref := value(node, "$ref")
	name, isExample := strings.CutPrefix(ref, "#/examples/")
	target := get(named, name)
	if strings.HasPrefix(ref, "#/info/") {
		target = at(b.main, "info", path.Base(ref))
	} else if !isExample {
		b.insert(node, named, open...)
		return node
	}
	if target == nil || slices.Contains(open, ref) {
		b.faultf(node, "%s is missing, or refers to itself", ref)
		return node
	}
	over := b.clone(node)
	take(over, "$ref")
	b.insert(over, named, open...)
	target = b.inserted(b.clone(target), named, append(slices.Clone(open), ref))
	if len(over.Content) == 0 {
		return target
	}
	return b.mergeExample(target, over)
}

func (b *bundler) operations() []*operation {
	var all []*operation
	for _, t := range b.tags {
		for key, item := range entries(get(t.root, "paths")) {
			for _, method := range methods {
				if node := get(item, method); node != nil {
					all = append(all, &operation{tag: t, path: key.Value, method: method, key: keyOf(item, method), item: item, node: node})
				}
			}
		}
	}
	return all
}

// schema returns the schema that a $ref refers to; nil if there is none.
func (b *bundler) schema(ref *yaml.Node) *yaml.Node { return b.component("schemas", ref) }

// parameter returns a parameter, or the component that it refers to.
func (b *bundler) parameter(node *yaml.Node) *yaml.Node {
	if get(node, "$ref") == nil {
		return node
	}
	return b.component("parameters", node)
}

// component returns the component that a $ref refers to. It searches all sources, because they may
// not be joined yet.
func (b *bundler) component(kind string, ref *yaml.Node) *yaml.Node {
	name := schemaName(ref)
	if name == "" {
		return nil
	}
	sources := []*yaml.Node{b.main, b.shared}
	for _, t := range b.tags {
		sources = append(sources, t.root)
	}
	for _, source := range sources {
		if found := at(source, "components", kind, name); found != nil {
			return found
		}
	}
	return nil
}

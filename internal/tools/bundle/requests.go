package main

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// completeRequests adds Go types to the schemas of requests, and checks that ids in them have
// x-entity.
func (b *bundler) completeRequests(operations []*operation) {
	var all []*yaml.Node
	for _, o := range operations {
		for _, media := range entries(at(o.node, "requestBody", "content")) {
			all = b.addSchemas(all, get(media, "schema"))
		}
	}
	for _, schema := range all {
		b.addNullableTypes(schema)
		for _, property := range entries(get(schema, "properties")) {
			if value(property, "format") == "uuid" {
				b.needEntity(property)
			}
		}
	}
}

// addSchemas appends a schema, and the schemas that it refers to.
func (b *bundler) addSchemas(all []*yaml.Node, schema *yaml.Node) []*yaml.Node {
	if target := b.schema(schema); target != nil {
		schema = target
	}
	if schema == nil || slices.Contains(all, schema) {
		return all
	}
	all = append(all, schema)
	for _, property := range entries(get(schema, "properties")) {
		all = b.addSchemas(all, property)
	}
	for _, part := range items(get(schema, "allOf")) {
		all = b.addSchemas(all, part)
	}
	return b.addSchemas(all, get(schema, "items"))
}

// needEntity reports an id without x-entity. Tests need it to know to which tenant the id may
// belong.
func (b *bundler) needEntity(node *yaml.Node) {
	if get(node, "x-entity") == nil {
		b.faultf(node, "an id in a request must have x-entity: company, user, ...")
	}
}

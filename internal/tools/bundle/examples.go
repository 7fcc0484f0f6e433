package main

import (
	"go.yaml.in/yaml/v3"
)

// examples is the key of an operation for examples: of its request, and by status of its replies.
// The example of a reply needs only the fields that differ from the one that is made from the
// schema.
const examples = "x-examples"

const jsonType = "application/json"

// exampleOf returns the example of a schema: the examples of its properties, changed by its own
// example.
func (b *bundler) exampleOf(schema *yaml.Node) *yaml.Node {
	out := newMapping()
	own := take(schema, "example")
	for key, property := range entries(get(schema, "properties")) {
		switch example := get(property, "example"); {
		case get(own, key.Value) != nil:
			set(out, key.Value, take(own, key.Value))
		case example != nil:
			set(out, key.Value, b.clone(example))
		case get(property, "x-default") != nil:
			set(out, key.Value, b.clone(get(property, "x-default")))
		case schemaName(property) != "":
			set(out, key.Value, b.exampleOf(b.clone(orEmpty(b.schema(property)))))
		default:
			b.faultf(property, "the property %s must have an example", key.Value)
		}
	}
	return b.mergeExample(out, own)
}

// addExamples gives an operation the examples of its request and replies.
func (b *bundler) addExamples(o *operation) {
	own := take(o.node, examples)
	request := get(own, "request")
	if request != nil {
		media := at(o.node, "requestBody", "content", jsonType)
		if media == nil {
			b.faultf(request, "the operation has no request in JSON")
			return
		}
		set(media, "example", request)
	}
	for status := range entries(own) {
		if status.Value != "request" && at(o.node, "responses", status.Value, "content", jsonType) == nil {
			b.faultf(status, "the operation has no reply %s in JSON", status.Value)
		}
	}
	for status, reply := range entries(get(o.node, "responses")) {
		media := at(reply, "content", jsonType)
		if media == nil || get(media, "examples") != nil {
			continue
		}
		example := get(media, "example")
		if example == nil {
			example = b.replyExample(o, status.Value, get(media, "schema"), request)
		}
		if example = b.mergeExample(example, get(own, status.Value)); example != nil {
			set(media, "example", example)
		}
	}
}

// replyExample returns the example that is made from the schema of a reply; nil if the schema isn't
// that of a resource.
func (b *bundler) replyExample(o *operation, status string, schema, request *yaml.Node) *yaml.Node {
	name := schemaName(schema)
	for _, t := range b.tags {
		r := t.resource
		switch {
		case r == nil:
		case name == r.page:
			page := newMapping()
			set(page, "items", newSequence(b.clone(r.example)))
			set(page, "next_cursor", plain("null"))
			set(page, "total", plain("1"))
			return page
		case name == r.schema && status == "201":
			return b.createdExample(r, request)
		case name == r.schema && o.method == "put":
			return b.mergeExample(b.clone(r.example), orEmpty(request))
		case name == r.schema && o.method == "get":
			return b.clone(r.example)
		}
	}
	return nil
}

// createdExample returns the row that a request creates: the fields of the request, defaults, and
// null for other fields.
func (b *bundler) createdExample(r *resource, request *yaml.Node) *yaml.Node {
	out := newMapping()
	for key, property := range entries(r.fields) {
		sent := get(request, key.Value)
		switch {
		case key.Value == "tenant_id":
			set(out, key.Value, b.clone(get(r.example, key.Value)))
		case schemaName(property) != "" && get(b.schema(property), "properties") != nil:
			parts := newMapping()
			for part := range entries(get(b.schema(property), "properties")) {
				set(parts, part.Value, plain("null"))
			}
			set(out, key.Value, b.mergeExample(parts, b.clone(orEmpty(sent))))
		case sent != nil:
			set(out, key.Value, b.clone(sent))
		case r.defaults[key.Value] != nil:
			set(out, key.Value, b.clone(r.defaults[key.Value]))
		default:
			set(out, key.Value, plain("null"))
		}
	}
	return out
}

package main

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	described "github.com/tenantry/tenantry/internal/tools/resource"
)

// The schema of a resource has each property once, as requests have it. These keys say how the
// schemas of replies and requests differ:
//
//   - readOnly: only replies have it;
//   - x-fixed: only the request that creates the row has it;
//   - x-default: the value of a new row if the request has none;
//   - x-write: keys that only requests have. They override those of the property.
var formKeys = []string{"readOnly", "x-fixed", "x-default", "x-write"}

// requestOnly are the keys of a property that restrict requests; replies don't have them. The
// pattern of a decimal is an exception: it is part of the type, because it gives the number of
// digits.
var requestOnly = []string{"pattern", "x-message", "minLength", "maxLength", "x-name", "x-entity"}

// makeForms makes the schemas of replies and requests from the schema of a resource: Branch,
// BranchCreate and BranchUpdate. Without a fixed property, BranchCreate is BranchUpdate with
// required fields.
func (b *bundler) makeForms(r *resource, schemas *yaml.Node) {
	schema := get(schemas, r.schema)
	reply, create, update := newMapping(), newMapping(), newMapping()
	var all, required []*yaml.Node
	isFixed := false
	for key, property := range entries(get(schema, "properties")) {
		name := key.Value
		all = append(all, text(name))
		written := b.requestForm(r, property)
		set(reply, name, b.replyForm(property))
		if get(property, "readOnly") != nil {
			continue
		}
		set(create, name, written)
		if get(property, "x-fixed") != nil {
			isFixed = true
		} else {
			set(update, name, b.clone(written))
		}
		if value := get(property, "x-default"); value != nil {
			r.defaults[name] = value
		} else if value := get(written, "nullable"); value == nil || value.Value != "true" {
			required = append(required, text(name))
		}
	}
	r.example = b.exampleOf(schema)
	r.fields = reply
	set(schema, "required", flow(newSequence(all...)))
	set(schema, "properties", reply)
	fill(get(schemas, r.schema+"Update"), "", map[bool]string{true: "changed", false: "set"}[isFixed])
	set(get(schemas, r.schema+"Update"), "properties", update)
	creation := get(schemas, r.schema+"Create")
	fill(creation, inWords(required), "")
	if isFixed {
		set(creation, "required", flow(newSequence(required...)))
		set(creation, "properties", create)
		return
	}
	take(creation, "type")
	take(creation, "additionalProperties")
	additional := newMapping()
	set(additional, "type", text("object"))
	set(additional, "required", flow(newSequence(required...)))
	set(creation, "allOf", newSequence(reference("schemas", r.schema+"Update"), additional))
}

// replyForm returns the property in replies: without the keys of requests, and without examples
// that add nothing to the type.
func (b *bundler) replyForm(property *yaml.Node) *yaml.Node {
	out := b.clone(property)
	format := value(out, "format")
	for _, key := range slices.Concat(formKeys, requestOnly) {
		if key != "pattern" || format != "decimal" {
			take(out, key)
		}
	}
	if format == "email" {
		take(out, "format")
	}
	if get(out, "$ref") != nil || value(out, "type") == "boolean" || slices.Contains([]string{"uuid", "date", "date-time"}, format) {
		take(out, "example")
	}
	return out
}

func (b *bundler) requestForm(r *resource, property *yaml.Node) *yaml.Node {
	out := b.clone(property)
	for _, key := range formKeys {
		take(out, key)
	}
	if own := get(property, "x-write"); own != nil {
		out = b.merge(out, b.clone(own))
	}
	if get(out, "$ref") != nil {
		take(out, "example")
	}
	description := get(out, "description")
	if description == nil {
		return out
	}
	if get(property, "x-fixed") != nil {
		description.Value += " It stays the same."
	}
	if initial := get(property, "x-default"); initial != nil && initial.Tag == "!!bool" {
		is := map[string]string{"true": "is", "false": "is not"}[initial.Value]
		description.Value += " A new " + described.Words(r.entity) + " " + is + ", unless this says otherwise."
	}
	return out
}

// fill replaces <required> and <settable> in the description of a schema.
func fill(schema *yaml.Node, required, settable string) {
	if description := get(schema, "description"); description != nil {
		description.Value = strings.NewReplacer("<required>", required, "<settable>", settable).Replace(description.Value)
	}
}

// inWords returns a list in words: "`company_id`, `code` and `name` are".
func inWords(names []*yaml.Node) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = "`" + name.Value + "`"
	}
	switch last := len(quoted) - 1; last {
	case -1:
		return "No field is"
	case 0:
		return quoted[0] + " is"
	default:
		return strings.Join(quoted[:last], ", ") + " and " + quoted[last] + " are"
	}
}

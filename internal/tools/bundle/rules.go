package main

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// without is the key for exceptions from the rules in this file and from openapi/resource.yaml. It
// lists statuses of replies and names of parameters that the operation doesn't have.
//
// The rules add to an operation what its other parts imply, so that sources contain only special
// cases. A definition that differs from the implied one stays.
const without = "x-without"

// reply is a rule: operations for which follows is true have this reply.
type reply struct {
	status, response string
	follows          func(b *bundler, o *operation) bool
}

var replies = []reply{
	// A body may be unreadable, too large or of another media type, or refer to something that
	// doesn't exist.
	{"400", "BadRequest", takesBody},
	{"413", "BodyTooLarge", takesBody},
	{"415", "UnsupportedMediaType", takesBody},
	// The caller may not be logged in, or may lack the permission.
	{"401", "Unauthenticated", needsLogin},
	{"403", "Denied", needsLogin},
	// The row in the path or the tenant in tenant_id may not exist.
	{"404", "Missing", func(b *bundler, o *operation) bool {
		return strings.Contains(o.path, "{") || b.has(o, "tenant_id")
	}},
	// Accept may exclude the media types of the reply.
	{"406", "NotAcceptable", func(_ *bundler, o *operation) bool {
		return slices.ContainsFunc(successes(o), func(reply *yaml.Node) bool { return get(reply, "content") != nil })
	}},
	// A unique value may be taken, or a superuser may not say in which tenant to create something.
	{"409", "Conflicting", func(_ *bundler, o *operation) bool { return at(o.node, "responses", "201") != nil }},
	{"412", "Stale", func(b *bundler, o *operation) bool { return b.has(o, "If-Match") }},
	// All operations reject unknown parameters.
	{"422", "Invalid", func(*bundler, *operation) bool { return true }},
	// The classes that count wrong passwords have another reply.
	{"429", "TooManyAttempts", func(_ *bundler, o *operation) bool { return checksPasswords(o) }},
	{"429", "TooManyRequests", func(_ *bundler, o *operation) bool {
		return value(o.node, "x-rate-limit") != "none" && !checksPasswords(o)
	}},
	// Operations that use the database may fail, or find it down.
	{"500", "Failed", asksDatabase},
	{"503", "Unavailable", asksDatabase},
}

func takesBody(_ *bundler, o *operation) bool { return get(o.node, "requestBody") != nil }

func needsLogin(_ *bundler, o *operation) bool { return value(o.node, "x-required-role") != "anon" }

func asksDatabase(b *bundler, o *operation) bool { return needsLogin(b, o) || takesBody(b, o) }

func checksPasswords(o *operation) bool {
	class := value(o.node, "x-rate-limit")
	return class == "login" || class == "password"
}

// apply adds what the rules imply to all operations.
func (b *bundler) apply(operations []*operation) {
	for _, o := range operations {
		b.completeHead(o)
		b.completeSuccesses(o)
	}
	for _, o := range operations {
		b.addParameters(o)
	}
	b.addPathParameters()
	for _, o := range operations {
		b.addReplies(o)
	}
	for _, o := range operations {
		for _, name := range items(take(o.node, without)) {
			b.faultf(name, "%s has %s, which isn't implied here", without, name.Value)
		}
	}
}

// completeHead adds the tag, the rate-limit class, the audit action of a GET, an empty security if
// no log-in is needed, and that the body is required.
func (b *bundler) completeHead(o *operation) {
	b.imply(o, "tags", flow(newSequence(text(o.tag.name.Value))))
	b.imply(o, "x-rate-limit", text("default"))
	if o.method == "get" {
		b.imply(o, "x-audit-action", text("none"))
	}
	if !needsLogin(b, o) {
		b.imply(o, "security", flow(newSequence()))
	}
	if body := get(o.node, "requestBody"); body != nil && get(body, "required") == nil {
		set(body, "required", plain("true"))
	}
}

// imply sets a key that the operation doesn't have. A key with the same value is a mistake.
func (b *bundler) imply(o *operation, key string, node *yaml.Node) {
	switch own := get(o.node, key); {
	case own == nil:
		set(o.node, key, node)
	case isEqual(own, node):
		b.faultf(own, "%s is implied: leave it out", key)
	}
}

// completeSuccesses adds headers to replies, and 304 to a GET with an entity tag.
func (b *bundler) completeSuccesses(o *operation) {
	replies := get(o.node, "responses")
	for status, reply := range entries(replies) {
		schema := b.schema(at(reply, "content", jsonType, "schema"))
		if status.Value[0] == '2' && isVersioned(schema) || status.Value == "201" {
			addHeader(reply, "ETag", "ETag") // for a conditional update
		}
		switch {
		case status.Value == "201":
			addHeader(reply, "Location", "Location")
		case status.Value == "202":
			addHeader(reply, "Retry-After", "RetryAfter")
		case has(schema, "next_cursor"):
			addHeader(reply, "Link", "Link")
		}
	}
	if o.method == "get" && hasEntityTag(o.node) {
		unchanged := newMapping()
		set(unchanged, "description", text("The client has this representation already, as `If-None-Match` says."))
		addHeader(unchanged, "ETag", "ETag")
		set(replies, "304", unchanged)
	}
}

// has reports whether a schema has a property of its own.
func has(schema *yaml.Node, property string) bool { return at(schema, "properties", property) != nil }

// isVersioned reports whether a schema is that of a row with a version.
func isVersioned(schema *yaml.Node) bool {
	return value(schema, "properties", "version", "type") == "integer"
}

func addHeader(reply *yaml.Node, name, component string) {
	headers := get(reply, "headers")
	if headers == nil {
		headers = newMapping()
		set(reply, "headers", headers)
	}
	if get(headers, name) == nil {
		set(headers, name, reference("headers", component))
	}
}

func hasEntityTag(node *yaml.Node) bool {
	return at(node, "responses", "200", "headers", "ETag") != nil
}

// addReplies adds the implied replies, and sorts all replies by status.
func (b *bundler) addReplies(o *operation) {
	all := orEmpty(get(o.node, "responses"))
	for _, rule := range replies {
		if !rule.follows(b, o) || b.isWithout(o, rule.status) {
			continue
		}
		implied := reference("responses", rule.response)
		own := get(all, rule.status)
		if own == nil {
			set(all, rule.status, implied)
		} else if isEqual(own, implied) {
			b.faultf(own, "the reply %s is implied: leave it out", rule.status)
		}
	}
	sortKeys(all)
	set(o.node, "responses", all)
}

// isWithout reports whether the operation opts out of name. It removes name from the list, so that
// at the end the list has only names that aren't implied.
func (b *bundler) isWithout(o *operation, name string) bool {
	list := get(o.node, without)
	if list == nil {
		return false
	}
	i := slices.IndexFunc(list.Content, func(one *yaml.Node) bool { return one.Value == name })
	if i < 0 {
		return false
	}
	list.Content = slices.Delete(list.Content, i, i+1)
	return true
}

// successes returns the replies of the operation with a status of 200 to 299.
func successes(o *operation) []*yaml.Node {
	var all []*yaml.Node
	for status, reply := range entries(get(o.node, "responses")) {
		if status.Value[0] == '2' {
			all = append(all, reply)
		}
	}
	return all
}

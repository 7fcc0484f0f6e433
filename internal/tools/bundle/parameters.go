package main

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// rolesInTenants are the roles whose operations act in one tenant. A superuser names it with
// tenant_id.
var rolesInTenants = []string{"viewer", "user", "admin"}

// addParameters adds the implied parameters: tenant_id and those of pages before the operation's
// own ones, and preconditions after them. An own parameter of the same name replaces an implied
// one.
func (b *bundler) addParameters(o *operation) {
	var first, last []string
	if slices.Contains(rolesInTenants, value(o.node, "x-required-role")) {
		first = append(first, "TenantID")
	}
	for _, reply := range successes(o) {
		page := b.schema(at(reply, "content", jsonType, "schema"))
		if has(page, "next_cursor") {
			first = append(first, "Limit", "Cursor")
		}
		if has(page, "total") && has(page, "next_cursor") {
			first = append(first, "Count")
		}
	}
	if takesPreconditions(o) {
		last = append(last, "IfMatch", "IfNoneMatch")
	}
	own := slices.Clone(items(get(o.node, "parameters")))
	begin, end := b.allImplied(first, &own), b.allImplied(last, &own)
	all := slices.DeleteFunc(slices.Concat(begin, own, end), func(p *yaml.Node) bool {
		return b.isWithout(o, value(b.parameter(p), "name"))
	})
	take(o.node, "parameters")
	if len(all) > 0 {
		set(o.node, "parameters", newSequence(all...))
	}
}

func (b *bundler) allImplied(components []string, own *[]*yaml.Node) []*yaml.Node {
	var all []*yaml.Node
	for _, component := range components {
		all = append(all, b.implied(component, own))
	}
	return all
}

// takesPreconditions reports whether the operation replies with an entity tag, or changes or
// deletes a row whose GET does so. Creations don't, because the row has no entity tag before.
func takesPreconditions(o *operation) bool {
	if hasEntityTag(o.node) {
		return true
	}
	return (o.method == "put" || o.method == "delete") && hasEntityTag(get(o.item, "get"))
}

// implied returns a reference to an implied parameter. If own has a parameter of the same name, it
// returns that instead and removes it from own.
func (b *bundler) implied(component string, own *[]*yaml.Node) *yaml.Node {
	name := value(b.main, "components", "parameters", component, "name")
	i := slices.IndexFunc(*own, func(p *yaml.Node) bool { return value(b.parameter(p), "name") == name })
	if i < 0 {
		return reference("parameters", component)
	}
	replaced := (*own)[i]
	*own = slices.Delete(*own, i, i+1)
	if isEqual(replaced, reference("parameters", component)) {
		b.faultf(replaced, "the parameter %s is implied: leave it out", name)
	}
	return replaced
}

// addPathParameters adds the parameter id to each path with {id}. If all operations of the path
// take tenant_id, it moves that to the path.
func (b *bundler) addPathParameters() {
	for path, item := range entries(get(b.main, "paths")) {
		if !strings.Contains(path.Value, "{id}") {
			continue
		}
		own := slices.Clone(items(get(item, "parameters")))
		all := append([]*yaml.Node{b.implied("ID", &own)}, own...)
		var lists []*yaml.Node
		for _, method := range methods {
			if op := get(item, method); op != nil {
				lists = append(lists, orEmpty(get(op, "parameters")))
			}
		}
		if !slices.ContainsFunc(lists, func(list *yaml.Node) bool { return !startsWithTenant(list) }) {
			all = append(all, reference("parameters", "TenantID"))
			for _, method := range methods {
				if op := get(item, method); op != nil {
					dropFirst(op)
				}
			}
		}
		set(item, "parameters", newSequence(all...))
	}
}

func startsWithTenant(list *yaml.Node) bool {
	return len(list.Content) > 0 && isEqual(list.Content[0], reference("parameters", "TenantID"))
}

func dropFirst(op *yaml.Node) {
	list := get(op, "parameters")
	if list.Content = list.Content[1:]; len(list.Content) == 0 {
		take(op, "parameters")
	}
}

// has reports whether an operation or its path has a parameter.
func (b *bundler) has(o *operation, name string) bool {
	return slices.ContainsFunc(slices.Concat(items(get(o.item, "parameters")), items(get(o.node, "parameters"))), func(p *yaml.Node) bool {
		return value(b.parameter(p), "name") == name
	})
}

// isEqual reports whether two nodes have the same content.
func isEqual(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.Value == b.Value && slices.EqualFunc(a.Content, b.Content, isEqual)
}

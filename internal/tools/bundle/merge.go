package main

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	// own is a key in a template. It marks the position of keys that only the merged mapping has.
	own = "..."
	// standard in a description is replaced by the description that it overrides.
	standard = "<standard>"
)

// merge returns under with the changes of over. Mappings are merged key by key, and null in over
// removes a key, except in examples, where null is a value. Lists of parameters are joined. Any
// other value of over replaces that of under.
func (b *bundler) merge(under, over *yaml.Node) *yaml.Node {
	switch {
	case under == nil:
		return over
	case over == nil:
		return under
	case under.Kind != yaml.MappingNode || over.Kind != yaml.MappingNode:
		return over
	}
	return b.mergeMappings(under, over, false)
}

// mergeExample merges two examples: null in over is a value.
func (b *bundler) mergeExample(under, over *yaml.Node) *yaml.Node {
	if under == nil || over == nil || under.Kind != yaml.MappingNode || over.Kind != yaml.MappingNode {
		return b.merge(under, over)
	}
	return b.mergeMappings(under, over, true)
}

func (b *bundler) mergeMappings(under, over *yaml.Node, isExample bool) *yaml.Node {
	out := *over
	b.files[&out] = b.files[over]
	out.Content = nil
	if len(over.Content) == 0 {
		out.Style = under.Style
	}
	for key, before := range entries(under) {
		after := get(over, key.Value)
		switch {
		case key.Value == own:
			for k, v := range entries(over) {
				if get(under, k.Value) == nil {
					out.Content = append(out.Content, k, v)
				}
			}
		case after == nil:
			out.Content = append(out.Content, key, before)
		case isNull(after) && !isExample:
		default:
			out.Content = append(out.Content, keyOf(over, key.Value), b.mergeValues(key.Value, before, after, isExample))
		}
	}
	if get(under, own) != nil {
		return &out
	}
	for key, value := range entries(over) {
		if get(under, key.Value) == nil {
			out.Content = append(out.Content, key, value)
		}
	}
	return &out
}

func (b *bundler) mergeValues(key string, before, after *yaml.Node, isExample bool) *yaml.Node {
	switch {
	case before.Kind == yaml.MappingNode && after.Kind == yaml.MappingNode:
		return b.mergeMappings(before, after, isExample || key == "example" || key == "examples" || key == examples)
	case key == "parameters" && before.Kind == yaml.SequenceNode && after.Kind == yaml.SequenceNode:
		return b.mergeParameters(before, after)
	case key == "description" && strings.Contains(after.Value, standard):
		out := *after
		b.files[&out] = b.files[after]
		out.Value = strings.Replace(after.Value, standard, strings.TrimSuffix(before.Value, "\n"), 1)
		return &out
	default:
		return after
	}
}

// keyOf returns the node of a key; nil if there is none.
func keyOf(mapping *yaml.Node, name string) *yaml.Node {
	for key := range entries(mapping) {
		if key.Value == name {
			return key
		}
	}
	return nil
}

// mergeParameters joins two lists of parameters. A parameter in after replaces the one of the same
// name in before.
func (b *bundler) mergeParameters(before, after *yaml.Node) *yaml.Node {
	out := *after
	b.files[&out] = b.files[after]
	out.Content = nil
	added := slices.Clone(after.Content)
	for _, p := range before.Content {
		name := value(b.parameter(p), "name")
		i := slices.IndexFunc(added, func(other *yaml.Node) bool { return value(b.parameter(other), "name") == name })
		if i >= 0 {
			p = added[i]
			added = slices.Delete(added, i, i+1)
		}
		out.Content = append(out.Content, p)
	}
	out.Content = append(out.Content, added...)
	return &out
}

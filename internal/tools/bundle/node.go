package main

import (
	"iter"
	"slices"

	"go.yaml.in/yaml/v3"
)

// get returns the value of a key in a mapping; nil if there is none or the mapping is nil.
func get(mapping *yaml.Node, key string) *yaml.Node {
	for k, value := range entries(mapping) {
		if k.Value == key {
			return value
		}
	}
	return nil
}

// at returns the value that a path of keys leads to; nil if there is none.
func at(node *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		node = get(node, key)
	}
	return node
}

// value returns the text that a path of keys leads to; "" if there is none.
func value(mapping *yaml.Node, keys ...string) string {
	if node := at(mapping, keys...); node != nil {
		return node.Value
	}
	return ""
}

func entries(mapping *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		if mapping == nil || mapping.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			if !yield(mapping.Content[i], mapping.Content[i+1]) {
				return
			}
		}
	}
}

// items returns the elements of a sequence.
func items(node *yaml.Node) []*yaml.Node {
	if node == nil || node.Kind != yaml.SequenceNode {
		return nil
	}
	return node.Content
}

func set(mapping *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			mapping.Content[i+1] = value
			return
		}
	}
	mapping.Content = append(mapping.Content, text(key), value)
}

// take removes a key from a mapping and returns its value; nil if there was none.
func take(mapping *yaml.Node, key string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			value := mapping.Content[i+1]
			mapping.Content = slices.Delete(mapping.Content, i, i+2)
			return value
		}
	}
	return nil
}

func isNull(node *yaml.Node) bool { return node != nil && node.Tag == "!!null" }

func text(value string) *yaml.Node {
	node := new(yaml.Node)
	node.SetString(value)
	return node
}

// plain returns an unquoted scalar: a number, true, false or null.
func plain(value string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: value} }

func newMapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }

func newSequence(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: items}
}

// reference returns {$ref: '#/components/<kind>/<name>'}.
func reference(kind, name string) *yaml.Node {
	node := newMapping()
	target := text("#/components/" + kind + "/" + name)
	target.Style = yaml.SingleQuotedStyle
	set(node, "$ref", target)
	return node
}

// block writes a mapping or a sequence on several lines.
func block(node *yaml.Node) { node.Style &^= yaml.FlowStyle }

func flow(node *yaml.Node) *yaml.Node {
	node.Style |= yaml.FlowStyle
	return node
}

func copyOf(node *yaml.Node) *yaml.Node {
	out := *node
	out.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		out.Content[i] = copyOf(child)
	}
	return &out
}

// clone copies a node. Mistakes in the copy are reported at the position of the original.
func (b *bundler) clone(node *yaml.Node) *yaml.Node {
	out := *node
	b.files[&out] = b.files[node]
	out.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		out.Content[i] = b.clone(child)
	}
	return &out
}

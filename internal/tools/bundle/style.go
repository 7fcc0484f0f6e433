package main

import (
	"strconv"

	"go.yaml.in/yaml/v3"
)

// widest is the maximal number of characters of an example on one line.
const widest = 160

// tidy formats the document in one style, whatever the style of the sources: numeric keys in single
// quotes; a mapping with only $ref and a small example on one line; parameters and large examples
// on several lines.
func tidy(node *yaml.Node) {
	for key, child := range entries(node) {
		if _, err := strconv.Atoi(key.Value); err == nil {
			key.Style = yaml.SingleQuotedStyle
		}
		if child.Kind == yaml.MappingNode && len(child.Content) == 2 && get(child, "$ref") != nil {
			child.Style = yaml.FlowStyle
		}
		switch key.Value {
		case "parameters":
			for _, parameter := range items(child) {
				block(parameter)
			}
		case "example", "value":
			unfold(child)
		}
		tidy(child)
	}
	for _, item := range items(node) {
		tidy(item)
	}
}

// unfold puts a node that is too wide on several lines.
func unfold(node *yaml.Node) {
	if width(node) <= widest {
		return
	}
	block(node)
	for _, child := range node.Content {
		unfold(child)
	}
}

// width returns about how many characters a node needs on one line.
func width(node *yaml.Node) int {
	sum := len(node.Value) + 2
	for _, child := range node.Content {
		sum += width(child)
	}
	return sum
}

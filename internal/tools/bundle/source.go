package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// bundler holds the parsed sources and the mistakes found in them.
type bundler struct {
	root     string
	main     *yaml.Node // document.yaml
	shared   *yaml.Node // shared.yaml
	resource *yaml.Node // resource.yaml
	tags     []*tagFile
	goTypes  goTypes
	files    map[*yaml.Node]string // the file that each node was read from
	faults   faults
}

// tagFile is openapi/tags/<tag>.yaml.
type tagFile struct {
	file     string
	root     *yaml.Node
	name     *yaml.Node // the name of the tag
	resource *resource  // nil if the tag has none
}

func newBundler(root string) (*bundler, error) {
	b := &bundler{root: root, files: map[*yaml.Node]string{}}
	for _, source := range []struct {
		file string
		into **yaml.Node
	}{{"document.yaml", &b.main}, {"shared.yaml", &b.shared}, {"resource.yaml", &b.resource}} {
		node, err := b.read(path.Join("openapi", source.file))
		if err != nil {
			return nil, err
		}
		*source.into = node
	}
	for _, tag := range items(get(b.main, "tags")) {
		file := path.Join("openapi/tags", tag.Value+".yaml")
		node, err := b.read(file)
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%s: the tag %q has no file %s", b.position(tag), tag.Value, file)
		}
		if err != nil {
			return nil, err
		}
		b.tags = append(b.tags, &tagFile{file: file, root: node, name: at(node, "tag", "name")})
	}
	if err := b.findUnlistedTags(); err != nil {
		return nil, err
	}
	var err error
	b.goTypes, err = readGoTypes(filepath.Join(root, "oapi-codegen.yaml"))
	return b, err
}

// findUnlistedTags returns an error if document.yaml doesn't list a file of a tag: its operations
// would be missing.
func (b *bundler) findUnlistedTags() error {
	found, err := filepath.Glob(filepath.Join(b.root, "openapi", "tags", "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range found {
		name := path.Join("openapi/tags", filepath.Base(file))
		if !slices.ContainsFunc(b.tags, func(t *tagFile) bool { return t.file == name }) {
			return fmt.Errorf("%s:1: tags in openapi/document.yaml doesn't list this file", name)
		}
	}
	return nil
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

// read parses a source and replaces aliases by copies of their values.
func (b *bundler) read(file string) (*yaml.Node, error) {
	text, err := os.ReadFile(filepath.Join(b.root, file))
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		if at := yamlLine.FindStringSubmatch(err.Error()); at != nil {
			return nil, fmt.Errorf("%s:%s: %s", file, at[1], strings.TrimPrefix(err.Error(), at[0]))
		}
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:1: the file must be a mapping of keys to values", file)
	}
	root := b.resolveAliases(document.Content[0], file)
	root.HeadComment = ""
	return root, nil
}

// resolveAliases returns node with its aliases replaced by copies of their values.
func (b *bundler) resolveAliases(node *yaml.Node, file string) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return b.resolveAliases(copyOf(node.Alias), file)
	}
	b.files[node] = file
	node.Anchor = ""
	for i, child := range node.Content {
		node.Content[i] = b.resolveAliases(child, file)
	}
	if node.Kind == yaml.MappingNode {
		b.refuseDuplicates(node)
	}
	return node
}

func (b *bundler) refuseDuplicates(mapping *yaml.Node) {
	seen := map[string]bool{}
	for key := range entries(mapping) {
		if seen[key.Value] {
			b.faultf(key, "the key %q is given more than once", key.Value)
		}
		seen[key.Value] = true
	}
}

func (b *bundler) position(node *yaml.Node) string {
	return b.files[node] + ":" + strconv.Itoa(node.Line)
}

func (b *bundler) faultf(node *yaml.Node, format string, args ...any) {
	b.faults = append(b.faults, fault{file: b.files[node], line: node.Line, text: fmt.Sprintf(format, args...)})
}

// faults are the mistakes in the sources.
type faults []fault

type fault struct {
	file string
	line int
	text string
}

// err returns all mistakes, one per line, sorted by file and line; nil if there is none.
func (f faults) err() error {
	slices.SortFunc(f, func(a, b fault) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.text, b.text))
	})
	var all []error
	for _, one := range slices.Compact(f) {
		all = append(all, fmt.Errorf("%s:%d: %s", one.file, one.line, one.text))
	}
	return errors.Join(all...)
}

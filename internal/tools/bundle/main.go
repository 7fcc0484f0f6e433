// Command bundle writes openapi/openapi.yaml, the complete OpenAPI document, from its sources:
//
//   - openapi/document.yaml: the introduction, and the order of the tags;
//   - openapi/shared.yaml: components and templates that several tags use;
//   - openapi/resource.yaml: the standard operations and schemas of resources;
//   - openapi/tags/<tag>.yaml: the operations, schemas and examples of one tag.
//
// It adds what rules imply (rules.go), and reports mistakes with file and line. It runs in the root
// of the repository, as the first step of make generate. See docs/document.md.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(root string) error {
	text, err := bundle(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "openapi", "openapi.yaml"), text, 0o644)
}

// bundle returns the complete document, made from the sources below root.
func bundle(root string) ([]byte, error) {
	b, err := newBundler(root)
	if err != nil {
		return nil, err
	}
	document, err := b.document()
	if err != nil {
		return nil, err
	}
	return write(document)
}

// Command bundle writes openapi/openapi.yaml, the complete OpenAPI document, from its sources:
//
//   - openapi/document.yaml: the introduction, and the order of the tags;
//   - openapi/shared.yaml: what operations of several tags use;
//   - openapi/resource.yaml: the operations and schemas that all resources have;
//   - openapi/tags/<tag>.yaml: the operations, schemas and examples of one tag.
//
// It adds what follows from the rest (rules.go) and refuses mistakes with file and line. It runs in
// the root of the repository, as the first step of make generate. See docs/document.md.
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

// bundle returns the complete document of the sources below root.
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

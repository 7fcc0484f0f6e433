package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/tenantry/tenantry/internal/access"
)

const repository = "../../.."

func TestDocumentIsWhatItsSourcesSay(t *testing.T) {
	t.Parallel()
	want, err := bundle(repository)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(repository + "/openapi/openapi.yaml"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("openapi/openapi.yaml is not what its sources say (%v): change those and run make generate", err)
	}
}

func TestRolesAndClassesAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	for _, role := range roles {
		if _, err := access.ParseRole(role); err != nil {
			t.Error(err)
		}
	}
	for _, class := range rateClasses {
		if _, err := access.ParseRateClass(class); err != nil {
			t.Error(err)
		}
	}
}

// sources copies the sources of the document to a folder, for a test that changes them.
func sources(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, pattern := range []string{"oapi-codegen.yaml", "openapi/*.yaml", "openapi/tags/*.yaml"} {
		files, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(root, strings.TrimPrefix(file, repository)), string(content))
		}
	}
	return root
}

func put(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace changes a text of a file, which has to be there once.
func replace(t *testing.T, file, before, after string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(content), before) != 1 {
		t.Fatalf("%s has %q %d times", file, before, strings.Count(string(content), before))
	}
	put(t, file, strings.Replace(string(content), before, after, 1))
}

// addTag adds a file of a tag to the sources.
func addTag(t *testing.T, root, name, content string) {
	t.Helper()
	replace(t, filepath.Join(root, "openapi/document.yaml"), "system, pages]", "system, pages, "+name+"]")
	put(t, filepath.Join(root, "openapi/tags", name+".yaml"), content)
}

// parsed returns the document of the sources.
func parsed(t *testing.T, root string) *yaml.Node {
	t.Helper()
	content, err := bundle(root)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Content[0]
}

// asText returns a node as YAML on one line, "" if there is none.
func asText(t *testing.T, node *yaml.Node) string {
	t.Helper()
	if node == nil {
		return ""
	}
	node = copyOf(node)
	var oneLine func(node *yaml.Node)
	oneLine = func(node *yaml.Node) {
		node.Style = yaml.FlowStyle
		for _, child := range node.Content {
			oneLine(child)
		}
	}
	oneLine(node)
	out, err := yaml.Marshal(node)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(out), "\n")
}

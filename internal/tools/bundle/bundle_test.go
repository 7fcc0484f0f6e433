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

func TestDocumentIsUpToDate(t *testing.T) {
	t.Parallel()
	want, err := bundle(repository)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(repository + "/openapi/openapi.yaml"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("openapi/openapi.yaml isn't up to date (%v): change its sources and run make generate", err)
	}
}

func TestRolesAndRateClassesExist(t *testing.T) {
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

// fewSources writes sources with project as the only resource and one other tag, because they are
// faster to read than the real ones.
func fewSources(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, file := range []string{"oapi-codegen.yaml", "openapi/shared.yaml", "openapi/resource.yaml"} {
		content, err := os.ReadFile(filepath.Join(repository, file))
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(root, file), string(content))
	}
	put(t, filepath.Join(root, "openapi/document.yaml"), "openapi: 3.0.3\ninfo: {title: Few, version: 1.0.0}\ntags: [others, projects]\n")
	put(t, filepath.Join(root, "openapi/tags/projects.yaml"), project)
	put(t, filepath.Join(root, "openapi/tags/others.yaml"), `tag: {name: Others, description: Others.}
paths: {/others: {get: {operationId: getOther, x-required-role: anon, responses: {'204': {description: None.}}}}}
components: {schemas: {Other: {type: string}}}
`)
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

// replace changes a text that a file must have exactly once.
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

// parsed returns the document that is made from the sources.
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

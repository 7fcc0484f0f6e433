package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// repository returns a folder with the files of this repository that scaffold reads.
func repository(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, pattern := range []string{"sql/resources/*.yaml", "sql/migrations/*.sql", "openapi/document.yaml", "openapi/openapi.yaml"} {
		files, err := filepath.Glob(filepath.Join("../../..", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			put(t, folder, strings.TrimPrefix(filepath.ToSlash(file), "../../../"), string(text))
		}
	}
	return folder
}

func put(t *testing.T, folder, name, text string) {
	t.Helper()
	path := filepath.Join(folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// state returns all files of a folder with their texts.
func state(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(os.DirFS(folder), path)
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const project = "name: scaffold_project\nroles: {read: viewer, write: admin}\nfields:\n  name: {type: name}\n"

// The test of the guide in cmd/tenantry proves that the written files work.
func TestScaffoldWritesFilesOnce(t *testing.T) {
	t.Parallel()
	folder := repository(t)
	put(t, folder, "spec.yaml", project)
	before := state(t, folder)
	var out bytes.Buffer
	if err := scaffold(folder, "spec.yaml", &out); err != nil {
		t.Fatal(err)
	}
	after := state(t, folder)
	var written []string
	for path, text := range after {
		switch old, existed := before[path]; {
		case !existed:
			written = append(written, path)
			if !strings.Contains(out.String(), path) {
				t.Errorf("the report doesn't name %s", path)
			}
		case path == documentFile:
			if want := strings.Replace(old, ", audit,", ", scaffold_projects, audit,", 1); text != want {
				t.Errorf("%s must differ by one tag only", path)
			}
		case old != text:
			t.Errorf("%s has changed", path)
		}
	}
	if len(written) != 5 {
		t.Errorf("wrote %v, want five files", written)
	}
	if err := scaffold(folder, "spec.yaml", &out); err == nil || !strings.Contains(err.Error(), "scaffold_project") {
		t.Errorf("the second time the error is %v", err)
	}
	if again := state(t, folder); len(again) != len(after) {
		t.Error("the second time files were written")
	}
}

func TestScaffoldWritesNothingAfterAnError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ path, text, want string }{
		"mistake in the description": {"spec.yaml", project + "  colour: {type: paint}\n", "spec.yaml:5:"},
		"name that is taken":         {"spec.yaml", strings.Replace(project, "scaffold_project", "branch", 1), "sql/resources/branch.yaml"},
		"operation that is taken":    {"spec.yaml", strings.Replace(project, "scaffold_project", "asset", 1), "already has an operation getAsset"},
		"package that is taken":      {"internal/scaffoldproject/other.go", "package scaffoldproject\n", "internal/scaffoldproject exists"},
		"unknown reference":          {"spec.yaml", project + "  thing_id: {ref: thing, null: true}\n", `refers to "thing"`},
		"tag that is taken":          {"spec.yaml", project + "tag: audit\n", "already has a tag audit"},
		"file that exists":           {"internal/scaffoldproject/scaffoldprojects.go", "package scaffoldproject\n", "internal/scaffoldproject"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := repository(t)
			put(t, folder, "spec.yaml", project)
			put(t, folder, c.path, c.text)
			before := state(t, folder)
			err := scaffold(folder, "spec.yaml", &bytes.Buffer{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %s", err, c.want)
			}
			if after := state(t, folder); len(after) != len(before) || after[documentFile] != before[documentFile] {
				t.Error("something was written")
			}
		})
	}
}

func TestScaffoldNeedsADescription(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {""}, {"a.yaml", "b.yaml"}} {
		if err := run(args, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "make resource SPEC=") {
			t.Errorf("%q: error is %v", args, err)
		}
	}
}

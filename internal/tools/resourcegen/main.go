// Command resourcegen writes the standard code of resources from their descriptions in
// sql/resources: queries, the Go functions that internal/records needs, handlers, and the order in
// which dependent rows are deleted.
//
// make generate runs it in the root of the repository, before storegen derives the queries for each
// engine.
//
// make generate runs it in the root of the repository, before storegen derives the queries.
package main

import (
	"bytes"
	"embed"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/tenantry/tenantry/internal/tools/resource"
	"github.com/tenantry/tenantry/internal/tools/schema"
)

//go:embed templates
var templates embed.FS

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "resourcegen:", err)
		os.Exit(1)
	}
}

// run generates the code of a repository's resources, then compares their descriptions with the
// OpenAPI document.
func run(root string) error {
	described, err := resource.Load(os.DirFS(root), "sql/resources")
	if err != nil {
		return err
	}
	tables, err := schema.Read(filepath.Join(root, "sql/migrations"))
	if err != nil {
		return err
	}
	if err := generate(described, tables, root); err != nil {
		return err
	}
	return checkDocument(os.DirFS(root), described)
}

// generate writes the generated files below the folder to. The tables are those that the migrations
// create.
func generate(described []resource.Resource, tables schema.Schema, to string) error {
	m := newModel(described, tables)
	if err := m.check(); err != nil {
		return err
	}
	names := template.FuncMap{"join": strings.Join}
	pages, err := template.New("").Funcs(names).ParseFS(templates, "templates/*.tmpl")
	if err != nil {
		return fmt.Errorf("parse templates: %w", err)
	}
	for _, folder := range []string{"gen/db/queries", "gen/resources", "gen/endpoints"} {
		if err := empty(filepath.Join(to, folder)); err != nil {
			return err
		}
	}
	for _, k := range m.Kinds {
		if err := write(pages, "queries.sql.tmpl", k, filepath.Join(to, "gen/db/queries", k.Plural+"_standard.sql")); err != nil {
			return err
		}
		if err := write(pages, "resource.go.tmpl", k, filepath.Join(to, "gen/resources", k.GoFile()+".gen.go")); err != nil {
			return err
		}
		if err := write(pages, "handlers.go.tmpl", k, filepath.Join(to, "gen/endpoints", k.GoFile()+".gen.go")); err != nil {
			return err
		}
	}
	if err := write(pages, "removal.go.tmpl", m, filepath.Join(to, "gen/resources/removal.gen.go")); err != nil {
		return err
	}
	return write(pages, "services.go.tmpl", m, filepath.Join(to, "gen/endpoints/services.gen.go"))
}

func empty(folder string) error {
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("remove old files: %w", err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	return nil
}

func write(pages *template.Template, page string, data any, path string) error {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, page, data); err != nil {
		return fmt.Errorf("execute template: %w", err)
	}
	text := out.Bytes()
	if strings.HasSuffix(path, ".go") {
		var err error
		if text, err = format.Source(text); err != nil {
			return fmt.Errorf("format %s: %w", path, err)
		}
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

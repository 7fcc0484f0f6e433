package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed querier.go.tmpl
var querierTemplate string

// method is one method of sqlc's Querier: Name(ctx[, arg Params]) ([Result, ]error).
type method struct {
	Name   string
	Params string // the parameter struct, "" without parameters
	Result string // the type of the result without [], "" if only an error is returned
	Many   bool   // the result is a slice of Result
	Row    bool   // Result is one of sqlc's structs, of which each engine has its own
	Scope  string // the method of PostgresConn that selects the visible rows, as an expression
}

// generateQuerier writes the types and adapters that make all engines look the same, based on the
// Querier interface of one engine. The adapters convert structs, so the rows of all engines must
// have equal fields.
func generateQuerier(from string, methods []method, known structs, to string) error {
	if err := scope(methods, known); err != nil {
		return err
	}
	imports, err := readImports(from)
	if err != nil {
		return err
	}
	var types []string
	for _, m := range methods {
		if m.Params != "" {
			types = append(types, m.Params)
		}
		if m.Row {
			types = append(types, m.Result)
		}
	}
	slices.Sort(types)
	types = slices.Compact(types)
	if err := compareEngines(filepath.Dir(filepath.Dir(from)), known, types); err != nil {
		return err
	}
	return execute(querierTemplate, map[string]any{
		"Imports": imports,
		"Methods": methods,
		"Types":   types,
		"Updates": updatesOf(methods, known),
		"Engines": engines,
	}, to)
}

// update is a query whose parameters are all columns of a row with a version.
type update struct {
	Name, Row string
	Fields    []field
}

func updatesOf(methods []method, known structs) []update {
	var updates []update
	for _, m := range methods {
		row, isUpdate := strings.CutPrefix(m.Name, "Update")
		saved := known.fields[m.Params]
		_, err := known.of(m.Params, "version")
		if isUpdate && err == nil && !slices.ContainsFunc(saved, func(f field) bool { return !slices.Contains(known.fields[row], f) }) {
			updates = append(updates, update{m.Name, row, saved})
		}
	}
	return updates
}

// execute writes the formatted output of a template.
func execute(text string, data any, to string) error {
	page, err := template.New(filepath.Base(to)).Parse(text)
	if err != nil {
		return fmt.Errorf("parse template: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, data); err != nil {
		return fmt.Errorf("execute template: %w", err)
	}
	source, err := format.Source(out.Bytes())
	if err != nil {
		return fmt.Errorf("format %s: %w", to, err)
	}
	if err := os.WriteFile(to, source, 0o644); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// scope sets the visible rows of each method: those of the tenant in its parameters; those of all
// tenants if its name ends in Unscoped; otherwise none that belong to tenants.
func scope(methods []method, known structs) error {
	for i, m := range methods {
		unscoped := strings.HasSuffix(m.Name, "Unscoped")
		_, err := known.of(m.Params, "tenant_id")
		scoped := err == nil
		switch {
		case unscoped && scoped:
			return fmt.Errorf("%s has Unscoped in its name, but also the parameter tenant_id", m.Name)
		case unscoped:
			methods[i].Scope = "Unscoped()"
		case scoped:
			methods[i].Scope = "Tenant(arg.TenantID)"
		default:
			methods[i].Scope = "Shared()"
		}
	}
	return nil
}

// readImports returns the imports of sqlc's interface, quoted.
func readImports(path string) ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return nil, fmt.Errorf("parse sqlc's imports: %w", err)
	}
	var imports []string
	for _, i := range file.Imports {
		if i.Path.Value != `"context"` {
			imports = append(imports, i.Path.Value)
		}
	}
	return imports, nil
}

func readMethods(path string) ([]method, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return nil, fmt.Errorf("parse sqlc's interface: %w", err)
	}
	querier := file.Scope.Lookup("Querier")
	if querier == nil {
		return nil, fmt.Errorf("%s doesn't declare Querier", path)
	}
	var methods []method
	for _, field := range querier.Decl.(*ast.TypeSpec).Type.(*ast.InterfaceType).Methods.List {
		m, err := readMethod(field)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, field.Names[0].Name, err)
		}
		methods = append(methods, m)
	}
	return methods, nil
}

func readMethod(field *ast.Field) (method, error) {
	m := method{Name: field.Names[0].Name}
	fn := field.Type.(*ast.FuncType)
	if len(fn.Params.List) > 1 {
		params, ok := fn.Params.List[1].Type.(*ast.Ident)
		if !ok || !params.IsExported() {
			return m, fmt.Errorf("parameter isn't a struct of sqlc; query_parameter_limit must be 0")
		}
		m.Params = params.Name
	}
	if len(fn.Results.List) == 1 {
		return m, nil
	}
	result := fn.Results.List[0].Type
	if array, ok := result.(*ast.ArrayType); ok {
		m.Many, result = true, array.Elt
	}
	switch t := result.(type) {
	case *ast.Ident:
		m.Result, m.Row = t.Name, t.IsExported()
	case *ast.SelectorExpr:
		m.Result = fmt.Sprintf("%s.%s", t.X, t.Sel)
	default:
		return m, fmt.Errorf("result of type %T isn't supported", result)
	}
	return m, nil
}

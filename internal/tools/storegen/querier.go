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
	Result string // the bare type of what comes back, "" for an error alone
	Many   bool   // a slice of Result comes back
	Row    bool   // Result is a struct of sqlc's, which differs between the engines in name only
	Scope  string // whose rows it may see: one of the ways of PostgresConn, as an expression
}

// generateQuerier reads the Querier interface of one engine and writes, for all
// engines, the types and adapters that hide which one is in use. The adapters use
// Go's struct conversion: rows that differ between two engines don't compile.
func generateQuerier(from, to string) error {
	methods, err := readMethods(from)
	if err != nil {
		return err
	}
	if err := scope(methods, filepath.Dir(from)); err != nil {
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

	page, err := template.New("querier").Parse(querierTemplate)
	if err != nil {
		return fmt.Errorf("parse template: %w", err)
	}
	var out bytes.Buffer
	err = page.Execute(&out, map[string]any{
		"Imports": imports,
		"Methods": methods,
		"Types":   slices.Compact(types),
		"Engines": []map[string]string{
			{"Package": "postgres", "Title": "Postgres"},
			{"Package": "mysql", "Title": "MySQL"},
			{"Package": "sqlite", "Title": "SQLite"},
		},
	})
	if err != nil {
		return fmt.Errorf("execute template: %w", err)
	}
	source, err := format.Source(out.Bytes())
	if err != nil {
		return fmt.Errorf("format output: %w", err)
	}
	if err := os.WriteFile(to, source, 0o644); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// scope says of each method whose rows it may see: those of the tenant that is among its parameters, those of all tenants if its
// name ends in Unscoped, and else none of any tenant's.
func scope(methods []method, dir string) error {
	scoped, err := readScoped(dir)
	if err != nil {
		return err
	}
	for i, m := range methods {
		unscoped := strings.HasSuffix(m.Name, "Unscoped")
		switch {
		case unscoped && scoped[m.Params]:
			return fmt.Errorf("%s is for all tenants by its name, and for one by its parameters", m.Name)
		case unscoped:
			methods[i].Scope = "Unscoped()"
		case scoped[m.Params]:
			methods[i].Scope = "Tenant(arg.TenantID)"
		default:
			methods[i].Scope = "Shared()"
		}
	}
	return nil
}

// readScoped returns the names of sqlc's structs that have a field TenantID, of all its files in a folder.
func readScoped(dir string) (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	scoped := make(map[string]bool)
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return nil, fmt.Errorf("parse sqlc's parameters: %w", err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			declared, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if fields, ok := declared.Type.(*ast.StructType); ok {
				scoped[declared.Name.Name] = slices.ContainsFunc(fields.Fields.List, isTenantID)
			}
			return false
		})
	}
	return scoped, nil
}

func isTenantID(field *ast.Field) bool {
	return slices.ContainsFunc(field.Names, func(name *ast.Ident) bool { return name.Name == "TenantID" })
}

// readImports returns what sqlc's interface imports for the results of its methods, quoted.
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
		return nil, fmt.Errorf("%s declares no Querier", path)
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
			return m, fmt.Errorf("parameter is no struct of sqlc's; keep query_parameter_limit at 0")
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

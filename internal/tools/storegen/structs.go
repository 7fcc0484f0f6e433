package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// field is a field of one of sqlc's structs.
type field struct {
	Name, Type string
	Column     string // the column or parameter that sqlc made it from
}

// structs are sqlc's structs of an engine, by name.
type structs struct {
	fields  map[string][]field
	imports map[string]string // import paths by package name
}

// readStructs reads the structs of all files that sqlc wrote to a folder.
func readStructs(folder string) (structs, error) {
	s := structs{fields: map[string][]field{}, imports: map[string]string{}}
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return s, err
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return s, fmt.Errorf("parse sqlc's structs: %w", err)
		}
		s.read(file)
	}
	return s, nil
}

func (s structs) read(file *ast.File) {
	for _, i := range file.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil {
			s.imports[path.Base(p)] = p
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		declared, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if made, ok := declared.Type.(*ast.StructType); ok {
			s.fields[declared.Name.Name] = fieldsOf(made)
		}
		return false
	})
}

func fieldsOf(made *ast.StructType) []field {
	fields := []field{}
	for _, f := range made.Fields.List {
		for _, name := range f.Names {
			made := field{Name: name.Name, Type: types.ExprString(f.Type)}
			if f.Tag != nil {
				made.Column = strings.TrimSuffix(strings.TrimPrefix(f.Tag.Value, "`json:\""), "\"`")
			}
			fields = append(fields, made)
		}
	}
	return fields
}

// of returns the field of a struct that sqlc made from a column or parameter.
func (s structs) of(name, column string) (field, error) {
	for _, f := range s.fields[name] {
		if f.Column == column {
			return f, nil
		}
	}
	return field{}, fmt.Errorf("sqlc's %s has no field for %s", name, column)
}

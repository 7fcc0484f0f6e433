package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
)

// structField is a field of a struct of sqlc's, with its type in Go.
type structField struct{ name, kind string }

// compareEngines returns an error for each field that the structs of two engines don't have in
// common. The adapters convert these structs, and the compiler's error for it names no field.
func compareEngines(folder string, names []string) error {
	engines := []string{"postgres", "mysql", "sqlite"}
	fields := map[string]map[string][]structField{}
	for _, engine := range engines {
		var err error
		if fields[engine], err = readStructFields(filepath.Join(folder, engine)); err != nil {
			return err
		}
	}
	var faults []error
	for _, name := range names {
		for _, engine := range engines[1:] {
			faults = append(faults, difference(name, engine, fields["postgres"][name], fields[engine][name]))
		}
	}
	return errors.Join(faults...)
}

// difference returns an error for the first column that isn't the same on PostgreSQL and another
// engine.
func difference(name, engine string, want, got []structField) error {
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			return fmt.Errorf("%s.%s: %s doesn't have it", name, want[i].name, engine)
		case i >= len(want):
			return fmt.Errorf("%s.%s: postgres doesn't have it", name, got[i].name)
		case want[i] != got[i]:
			return fmt.Errorf("%s.%s is %s on postgres, where %s has %s, which is %s: make sql/migrations or sqlc.yaml agree",
				name, want[i].name, want[i].kind, engine, got[i].name, got[i].kind)
		}
	}
	return nil
}

// readStructFields returns the fields of each struct of a package.
func readStructFields(folder string) (map[string][]structField, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("list sqlc's files: %w", err)
	}
	structs := map[string][]structField{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("parse sqlc's structs: %w", err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			declared, isType := node.(*ast.TypeSpec)
			if !isType {
				return true
			}
			if made, isStruct := declared.Type.(*ast.StructType); isStruct {
				structs[declared.Name.Name] = structFieldsOf(made)
			}
			return false
		})
	}
	return structs, nil
}

func structFieldsOf(made *ast.StructType) []structField {
	var all []structField
	for _, field := range made.Fields.List {
		for _, name := range field.Names {
			all = append(all, structField{name.Name, types.ExprString(field.Type)})
		}
	}
	return all
}

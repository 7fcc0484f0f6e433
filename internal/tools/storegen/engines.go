package main

import (
	"errors"
	"fmt"
	"path/filepath"
)

// compareEngines compares sqlc's structs of the other engines with those of PostgreSQL, want. It
// returns an error for each struct that differs. The adapters convert these structs; the compiler
// would reject that without naming the field.
func compareEngines(folder string, want structs, names []string) error {
	var faults []error
	for _, e := range engines[1:] {
		got, err := readStructs(filepath.Join(folder, e.Name))
		if err != nil {
			return err
		}
		for _, name := range names {
			faults = append(faults, difference(name, e.Name, want.fields[name], got.fields[name]))
		}
	}
	return errors.Join(faults...)
}

// difference returns an error for the first field that differs between PostgreSQL and another
// engine.
func difference(name, engine string, want, got []field) error {
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			return fmt.Errorf("%s.%s: %s doesn't have it", name, want[i].Name, engine)
		case i >= len(want):
			return fmt.Errorf("%s.%s: postgres doesn't have it", name, got[i].Name)
		case want[i].Name != got[i].Name || want[i].Type != got[i].Type:
			return fmt.Errorf("%s.%s is %s on postgres, but %s has %s of type %s there: change sql/migrations or sqlc.yaml",
				name, want[i].Name, want[i].Type, engine, got[i].Name, got[i].Type)
		}
	}
	return nil
}

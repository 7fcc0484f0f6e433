// Command storegen makes one data access layer out of sqlc's three packages.
//
//	storegen migrations   writes gen/migrations from sql/migrations
//	storegen queries      writes the queries of each engine for sqlc
//	storegen querier      writes the rest of gen/db, after sqlc has run
//
// All are run by make generate, in the root of the repository.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	migrations "github.com/tenantry/tenantry/internal/tools/schema"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "storegen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want one argument, migrations, queries or querier, got %d", len(args))
	}
	if args[0] == "migrations" {
		return migrations.Generate("sql/migrations", "gen/migrations")
	}
	tables, err := readSchema("gen/migrations/postgres")
	if err != nil {
		return err
	}
	from, err := readSources(tables, "sql/queries", "gen/db/queries")
	if err != nil {
		return err
	}
	switch args[0] {
	case "queries":
		return deriveQueries(from, "gen/db")
	case "querier":
		return generate(from, tables, "gen/db", "gen/db")
	default:
		return fmt.Errorf("unknown argument %q, want migrations, queries or querier", args[0])
	}
}

// generate writes what is made of sqlc's packages in a folder.
func generate(s sources, tables schema, from, to string) error {
	querier := filepath.Join(from, "postgres", "querier.go")
	methods, err := readMethods(querier)
	if err != nil {
		return err
	}
	known, err := readStructs(filepath.Dir(querier))
	if err != nil {
		return err
	}
	statements, err := s.statements(from, tables)
	if err != nil {
		return err
	}
	if err := generateLists(s, methods, known, filepath.Join(to, "lists.gen.go")); err != nil {
		return err
	}
	if err := execute(statementsTemplate, statements, filepath.Join(to, "statements.gen.go")); err != nil {
		return err
	}
	return generateQuerier(querier, methods, known, filepath.Join(to, "db.gen.go"))
}

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

	"github.com/tenantry/tenantry/internal/tools/schema"
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
	tables, err := schema.Read("sql/migrations")
	if err != nil {
		return err
	}
	switch args[0] {
	case "migrations":
		if err := schema.Generate("sql/migrations", "gen/migrations"); err != nil {
			return err
		}
		return tables.CheckOverrides("sqlc.yaml")
	case "queries":
		from, err := readSources(newCatalogue(tables), "sql/queries", "gen/db/queries")
		if err != nil {
			return err
		}
		return deriveQueries(from, "gen/db")
	case "querier":
		return finish(tables)
	default:
		return fmt.Errorf("unknown argument %q, want migrations, queries or querier", args[0])
	}
}

// finish checks the queries that sqlc has read, and writes the rest of gen/db.
func finish(tables schema.Schema) error {
	if err := tables.CheckQueries("sql/queries/*.sql", "gen/db/*/queries/*.sql"); err != nil {
		return err
	}
	from, err := readSources(newCatalogue(tables), "sql/queries", "gen/db/queries")
	if err != nil {
		return err
	}
	return generate(from, newCatalogue(tables), "gen/db", "gen/db")
}

// generate writes what is made of sqlc's packages in a folder.
func generate(s sources, tables catalogue, from, to string) error {
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
	if err := execute(statementsTemplate, map[string]any{"Statements": statements, "Deferred": s.deferred()}, filepath.Join(to, "statements.gen.go")); err != nil {
		return err
	}
	return generateQuerier(querier, methods, known, filepath.Join(to, "db.gen.go"))
}

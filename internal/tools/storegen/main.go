// Command storegen makes one data access layer out of sqlc's three packages.
//
//	storegen migrations   writes gen/migrations from sql/migrations
//	storegen queries      writes the queries of each engine for sqlc
//	storegen querier      writes the rest of gen/db, after sqlc has run
//
// All are run by make generate, in the root of the repository.
//
// The sources are sql/queries, and gen/db/queries with the standard queries of resources. Besides
// what sqlc knows, they have these forms. Mistakes are errors with file and line.
//
//	-- name: ListBranches :list created_at, name_key AS name
//	SELECT * FROM branches
//	WHERE tenant_id = sqlc.arg(tenant_id)
//	  AND optional(code = sqlc.narg(code))
//	  AND search(search_text LIKE sqlc.narg(pattern));
//
// A :list becomes one query for each order and direction, one for the count, and db.BranchList with
// db.BranchFilters for paging.Read. An order is a column that is never null, perhaps under another
// name (AS) or in one direction (ASC, DESC); the first one is the default. "without count" behind
// the orders leaves the count out.
//
// optional(...) counts only if its parameter has a value. PostgreSQL and SQLite are shown only
// those conditions. search(...) makes PostgreSQL search in two ways, see
// docs/adr/0014-flat-cost.md. counted(...) is a condition of the count alone.
//
// ":exec deferred" is an insert whose result no caller needs: PostgreSQL gets it together with the
// next statement, see docs/adr/0015-round-trips.md.
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
		from, err := readSources(tables, "sql/queries", "gen/db/queries")
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
	from, err := readSources(tables, "sql/queries", "gen/db/queries")
	if err != nil {
		return err
	}
	return generate(from, "gen/db", "gen/db")
}

// generate writes what is made of sqlc's packages in a folder.
func generate(s sources, from, to string) error {
	querier := filepath.Join(from, "postgres", "querier.go")
	methods, err := readMethods(querier)
	if err != nil {
		return err
	}
	known, err := readStructs(filepath.Dir(querier))
	if err != nil {
		return err
	}
	statements, err := s.statements(from)
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

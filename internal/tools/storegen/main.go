// Command storegen generates one data access layer for the three packages of sqlc.
//
//	storegen migrations   writes gen/migrations from sql/migrations
//	storegen queries      writes the queries of each engine for sqlc
//	storegen querier      writes the rest of gen/db, after sqlc has run
//
// make generate runs all of them in the root of the repository.
//
// The sources are sql/queries and, for the standard queries of resources, gen/db/queries. In
// addition to sqlc's notation they can have the following forms. Errors name file and line.
//
//	-- name: ListBranches :list created_at, name_key AS name
//	SELECT * FROM branches
//	WHERE tenant_id = sqlc.arg(tenant_id)
//	  AND optional(code = sqlc.narg(code))
//	  AND search(search_text LIKE sqlc.narg(pattern));
//
// A :list becomes a query for each order and direction, a query that counts, and db.BranchList with
// db.BranchFilters for paging.Read. An order is a column that is never null. It can have another
// name (AS) and be limited to one direction (ASC, DESC). The first order is the default. "without
// count" after the orders omits the count.
//
// optional(...) is used only if its parameter has a value. The texts for PostgreSQL and SQLite
// contain only the conditions in use. search(...) makes PostgreSQL search in two ways, see
// docs/adr/0014-flat-cost.md. counted(...) is used only in the count.
//
// ":exec deferred" is an insert whose result no caller needs. It is sent to PostgreSQL together
// with the next statement, see docs/adr/0015-round-trips.md.
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
		return fmt.Errorf("expected one argument (migrations, queries or querier), got %d", len(args))
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
		return fmt.Errorf("unknown argument %q, expected migrations, queries or querier", args[0])
	}
}

// finish checks the queries that sqlc reads, and writes the rest of gen/db.
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

// generate writes the code that is based on sqlc's packages in a folder.
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

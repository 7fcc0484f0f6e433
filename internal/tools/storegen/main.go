// Command storegen makes one data access layer out of sqlc's three packages.
//
//	storegen migrations   writes gen/migrations from sql/migrations
//	storegen queries   derives the copies of sql/queries for PostgreSQL and MySQL, before sqlc runs
//	storegen querier   writes gen/db/db.gen.go, after sqlc has run
//
// All are run by make generate, in the root of the repository.
package main

import (
	"fmt"
	"os"

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
	switch args[0] {
	case "migrations":
		return schema.Generate("sql/migrations", "gen/migrations")
	case "queries":
		return deriveQueries("sql/queries", "gen/db")
	case "querier":
		return generateQuerier("gen/db/postgres/querier.go", "gen/db/db.gen.go")
	default:
		return fmt.Errorf("unknown argument %q, want migrations, queries or querier", args[0])
	}
}

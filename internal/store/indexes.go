package store

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/gen/migrations"
)

// SchemaFault is an index or a constraint that differs from what the migrations create.
type SchemaFault struct {
	Name string
	// Invalid is true if PostgreSQL doesn't use the index because its creation was interrupted. If
	// it is false, the index or constraint is missing.
	Invalid bool
	// File and Line tell where a migration creates it. Both are empty if no migration does.
	File, Line string
}

// SchemaFaults compares the names of indexes and constraints with those in the migrations. The
// schema must have the version that this program needs. Additional ones are faults only if they are
// invalid.
func (s *Store) SchemaFaults(ctx context.Context) ([]SchemaFault, error) {
	expected, err := expectedNames(s.engine)
	if err != nil {
		return nil, err
	}
	present, err := s.presentNames(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for indexes: %w", err)
	}
	var faults []SchemaFault
	for _, name := range slices.Sorted(maps.Keys(expected)) {
		if _, ok := present[name]; !ok {
			faults = append(faults, expected[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(present)) {
		if !present[name] {
			fault := expected[name]
			fault.Name, fault.Invalid = name, true
			faults = append(faults, fault)
		}
	}
	return faults, nil
}

var (
	sqlComment = regexp.MustCompile(`--.*`)
	// namedInSchema matches a clause that creates or drops an index or a constraint, with its name.
	namedInSchema = regexp.MustCompile(`\b(DROP (?:FOREIGN )?)?(?:INDEX|KEY|CONSTRAINT|CHECK)(?: CONCURRENTLY)?(?: IF (?:NOT )?EXISTS)? (\w+)`)
)

// expectedNames returns the indexes and constraints that the "up" sections of the migrations
// create.
func expectedNames(engine Engine) (map[string]SchemaFault, error) {
	files, err := fs.Glob(migrations.FS, string(engine)+"/*.sql")
	if err != nil {
		return nil, fmt.Errorf("find migrations: %w", err)
	}
	expected := make(map[string]SchemaFault)
	for _, file := range files {
		text, err := fs.ReadFile(migrations.FS, file)
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		for line := range strings.Lines(sqlComment.ReplaceAllString(up, "")) {
			for _, m := range namedInSchema.FindAllStringSubmatch(line, -1) {
				if name := m[2]; m[1] != "" {
					delete(expected, name)
				} else {
					expected[name] = SchemaFault{Name: name, File: path.Base(file), Line: strings.Trim(line, " ,;\n")}
				}
			}
		}
	}
	return expected, nil
}

// An index that is being created isn't valid yet, so it is left out.
const postgresNames = `
	WITH ours AS (SELECT relnamespace AS id FROM pg_class WHERE oid = to_regclass('tenants'))
	SELECT c.relname, i.indisvalid OR EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
	FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN ours ON ours.id = c.relnamespace
	UNION ALL
	SELECT k.conname, true FROM pg_constraint k JOIN ours ON ours.id = k.connamespace WHERE k.contype <> 'u'`

const mysqlNames = `
	SELECT index_name, true FROM information_schema.statistics WHERE table_schema = database()
	UNION SELECT constraint_name, true FROM information_schema.table_constraints WHERE table_schema = database()`

// SQLite keeps the names of constraints only in the text of the table.
const sqliteNames = `
	SELECT name, true FROM sqlite_schema WHERE type = 'index'
	UNION SELECT sql, true FROM sqlite_schema WHERE type = 'table'`

// presentNames returns the existing indexes and constraints, and whether each is valid.
func (s *Store) presentNames(ctx context.Context) (map[string]bool, error) {
	query := map[Engine]string{Postgres: postgresNames, MySQL: mysqlNames, SQLite: sqliteNames}[s.engine]
	present := make(map[string]bool)
	var name string
	var valid bool
	err := eachRow(ctx, s.database.sqlDB(), query, func() {
		if s.engine != SQLite {
			present[name] = valid
			return
		}
		present[name] = true
		for _, m := range namedInSchema.FindAllStringSubmatch(name, -1) {
			present[m[2]] = true
		}
	}, &name, &valid)
	return present, err
}

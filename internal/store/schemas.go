package store

import (
	"context"
	"errors"
	"fmt"
)

// OtherSchema is a PostgreSQL schema that the store doesn't use.
type OtherSchema struct {
	Name          string
	HasExtensions bool // whether objects of extensions are in it
}

// OtherSchemas returns the schemas that were made by neither the server nor an extension.
func (s *Store) OtherSchemas(ctx context.Context) ([]OtherSchema, error) {
	const query = `SELECT nspname, EXISTS (SELECT FROM pg_extension WHERE extnamespace = n.oid) FROM pg_namespace AS n
		WHERE nspname <> current_schema() AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\_%'
			AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_namespace'::regclass AND objid = n.oid AND deptype = 'e')
		ORDER BY 1`
	var list []OtherSchema
	var other OtherSchema
	err := eachRow(ctx, s.database.sqlDB(), query, func() { list = append(list, other) }, &other.Name, &other.HasExtensions)
	if err != nil {
		return nil, fmt.Errorf("list schemas: %w", translatePostgres(err))
	}
	return list, nil
}

// requireSchema returns an error if the search path of the PostgreSQL user contains no existing
// schema, so that no table can be created.
func requireSchema(ctx context.Context, db reader) error {
	var exists bool
	if err := db.QueryRowContext(ctx, "SELECT current_schema() IS NOT NULL").Scan(&exists); err != nil {
		return fmt.Errorf("ask for the schema: %w", translatePostgres(err))
	}
	if !exists {
		return errors.New("the schema doesn't exist: the search_path of the database URL or of the user names none that is there, " +
			"or none that the user may use; make it with CREATE SCHEMA")
	}
	return nil
}

// CurrentSchema returns the PostgreSQL schema that the store uses, or "" if it doesn't exist.
func (s *Store) CurrentSchema(ctx context.Context) (string, error) {
	var name string
	if err := s.database.sqlDB().QueryRowContext(ctx, "SELECT coalesce(current_schema(), '')").Scan(&name); err != nil {
		return "", fmt.Errorf("ask for the schema: %w", translatePostgres(err))
	}
	return name, nil
}

// ExtensionSchema returns the schema of a PostgreSQL extension, or "" if the extension isn't
// installed.
func (s *Store) ExtensionSchema(ctx context.Context, extension string) (string, error) {
	var schema string
	err := s.database.sqlDB().QueryRowContext(ctx,
		"SELECT coalesce((SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = $1), '')", extension).Scan(&schema)
	if err != nil {
		return "", fmt.Errorf("ask for the extension %s: %w", extension, translatePostgres(err))
	}
	return schema, nil
}

package backup

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/dburl"
)

// dumpPostgres writes the store's schema into a file, together with the extensions and their
// schemas.
func dumpPostgres(ctx context.Context, s *store.Store, server string, file io.Writer) error {
	p, _, err := postgres(ctx, s, server, "pg_dump")
	if err != nil {
		return err
	}
	args := []string{"--format=custom", "--no-password"}
	others, err := s.OtherSchemas(ctx)
	if err != nil {
		return err
	}
	for _, other := range others {
		pattern := `"` + strings.ReplaceAll(other.Name, `"`, `""`) + `"`
		if other.HasExtensions {
			args = append(args, "--exclude-table="+pattern+".*")
		} else {
			args = append(args, "--exclude-schema="+pattern)
		}
	}
	// pg_dump fails if row-level security hides rows from the user.
	return p.run(ctx, nil, file, args...)
}

func restorePostgres(ctx context.Context, s *store.Store, path string, m Manifest) error {
	server, err := s.ServerVersion(ctx)
	if err != nil {
		return err
	}
	p, database, err := postgres(ctx, s, server, "pg_restore")
	if err != nil {
		return err
	}
	exists, may, err := s.MayOwnTables(ctx, m.Owner)
	if err != nil {
		return err
	}
	if !exists {
		return fmt.Errorf("the role %s, which owns the tables, doesn't exist on this server: create the roles first", m.Owner)
	}
	if !may {
		return fmt.Errorf("the role %s, which owns the tables, can't create tables in this database, so later migrations would fail: ALTER DATABASE %s OWNER TO %s",
			m.Owner, database, m.Owner)
	}
	if err := checkExtensions(ctx, s, p, path); err != nil {
		return err
	}
	list, err := missingObjects(ctx, s, p, path)
	if err != nil {
		return err
	}
	file, name, remove, err := passedFile(list)
	if err != nil {
		return err
	}
	defer remove()
	p.file = file
	return p.run(ctx, nil, io.Discard, "--single-transaction", "--exit-on-error", "--no-password", "--use-list="+name, "--dbname="+connection(database), "--", path)
}

// connection returns a connection string for a database. A bare name would be ambiguous: pg_dump
// reads a name with = as a connection string.
func connection(database string) string {
	return dburl.Keyword("dbname", database)
}

// missingObjects returns the backup's table of contents without the schemas that the database
// already has.
func missingObjects(ctx context.Context, s *store.Store, p program, path string) (string, error) {
	var contents bytes.Buffer
	if err := p.run(ctx, nil, &contents, "--list", "--", path); err != nil {
		return "", err
	}
	others, err := s.OtherSchemas(ctx)
	if err != nil {
		return "", err
	}
	current, err := s.CurrentSchema(ctx)
	if err != nil {
		return "", err
	}
	present := []string{current}
	for _, other := range others {
		present = append(present, other.Name)
	}
	var list strings.Builder
	for line := range strings.Lines(contents.String()) {
		isPresent := slices.ContainsFunc(present, func(name string) bool { return strings.Contains(line, " SCHEMA - "+name+" ") })
		if !isPresent || strings.Contains(line, " ACL - ") || strings.Contains(line, " COMMENT - ") {
			list.WriteString(line)
		}
	}
	return list.String(), nil
}

var createdExtension = regexp.MustCompile(`(?m)^CREATE EXTENSION IF NOT EXISTS (\S+) WITH SCHEMA (\S+);`)

// checkExtensions returns an error if an extension is installed in another schema than in the
// backup.
func checkExtensions(ctx context.Context, s *store.Store, p program, path string) error {
	var statements bytes.Buffer
	if err := p.run(ctx, nil, &statements, "--schema-only", "--section=pre-data", "--file=-", "--", path); err != nil {
		return err
	}
	for _, match := range createdExtension.FindAllStringSubmatch(statements.String(), -1) {
		extension, wanted := strings.Trim(match[1], `"`), match[2]
		present, err := s.ExtensionSchema(ctx, extension)
		if err != nil {
			return err
		}
		if present != "" && present != wanted {
			return fmt.Errorf("the backup needs the extension %s in the schema %s, but the database has it in %s; move it: CREATE SCHEMA IF NOT EXISTS %s; ALTER EXTENSION %s SET SCHEMA %s",
				extension, wanted, present, wanted, match[1], wanted)
		}
	}
	return nil
}

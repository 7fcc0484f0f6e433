package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/internal/store/dburl"
)

// ClientSettings tells the engine's own programs, such as pg_dump, how to reach the database. It
// contains the password, so don't put it into arguments or messages.
type ClientSettings struct {
	Environment []string // of PostgreSQL, as NAME=value
	OptionFile  string   // of MySQL and MariaDB, the text for --defaults-extra-file
	Database    string
}

// ClientSettings returns the settings for the engine's own programs. For SQLite they are empty.
func (s *Store) ClientSettings() (ClientSettings, error) {
	switch d := s.database.(type) {
	case *postgresDriver:
		if d.pooled.Load() {
			return ClientSettings{}, errors.New("the database URL leads to a connection pooler such as pgbouncer; " +
				"give BACKUP_DATABASE_URL the address of the database itself")
		}
		return postgresClient(&d.pool.Config().ConnConfig.Config, s.url)
	case *sqlDriver:
		if d.mysql != nil {
			return mysqlClient(d.mysql, s.url)
		}
	}
	return ClientSettings{}, nil
}

func postgresClient(config *pgconn.Config, u *dburl.URL) (ClientSettings, error) {
	variables, err := u.PostgresVariables()
	if err != nil {
		return ClientSettings{}, err
	}
	hosts, ports := []string{config.Host}, []string{strconv.Itoa(int(config.Port))}
	for _, f := range config.Fallbacks { // the list repeats a server for each TLS mode
		port := strconv.Itoa(int(f.Port))
		if f.Host != hosts[len(hosts)-1] || port != ports[len(ports)-1] {
			hosts, ports = append(hosts, f.Host), append(ports, port)
		}
	}
	env := []string{
		"PGHOST=" + strings.Join(hosts, ","), "PGPORT=" + strings.Join(ports, ","), "PGUSER=" + config.User, "PGDATABASE=" + config.Database,
	}
	if config.Password != "" {
		env = append(env, "PGPASSWORD="+config.Password)
	}
	return ClientSettings{Environment: append(env, variables...), Database: config.Database}, nil
}

func mysqlClient(config *mysql.Config, u *dburl.URL) (ClientSettings, error) {
	lines := []string{"[client]", "user=" + dburl.QuoteOption(config.User), "password=" + dburl.QuoteOption(config.Passwd), "default-character-set=utf8mb4"}
	if config.Net == "unix" {
		lines = append(lines, "protocol=socket", "socket="+dburl.QuoteOption(config.Addr))
	} else {
		host, port, err := net.SplitHostPort(config.Addr)
		if err != nil {
			return ClientSettings{}, errors.New("the address of the database has no port")
		}
		lines = append(lines, "protocol=tcp", "host="+dburl.QuoteOption(host), "port="+port)
	}
	both, mariaDB, err := u.MySQLPrograms()
	if err != nil {
		return ClientSettings{}, err
	}
	lines = append(lines, both...)
	if len(mariaDB) > 0 {
		lines = append(append(lines, "[client-mariadb]"), mariaDB...)
	}
	return ClientSettings{OptionFile: strings.Join(lines, "\n") + "\n", Database: config.DBName}, nil
}

// ServerVersion returns the version as the server reports it, such as 15.18 or 10.11.19-MariaDB.
func (s *Store) ServerVersion(ctx context.Context) (string, error) {
	query := map[Engine]string{Postgres: "SHOW server_version", MySQL: "SELECT version()", SQLite: "SELECT sqlite_version()"}[s.engine]
	var version string
	if err := s.database.sqlDB().QueryRowContext(ctx, query).Scan(&version); err != nil {
		return "", fmt.Errorf("ask for the server's version: %w", err)
	}
	return version, nil
}

// Tables returns the names of all tables in the schema, sorted.
func (s *Store) Tables(ctx context.Context) ([]string, error) {
	query := map[Engine]string{
		Postgres: "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1",
		MySQL:    "SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND table_type = 'BASE TABLE' ORDER BY 1",
		SQLite:   "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1",
	}[s.engine]
	var names []string
	var name string
	if err := eachRow(ctx, s.database.sqlDB(), query, func() { names = append(names, name) }, &name); err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	return names, nil
}

// TablesOwner returns the PostgreSQL role that owns the tables, and "" on other engines.
func (s *Store) TablesOwner(ctx context.Context) (string, error) {
	if s.engine != Postgres {
		return "", nil
	}
	var owner string
	err := s.database.sqlDB().QueryRowContext(ctx, "SELECT tableowner FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'tenants'").Scan(&owner)
	if err != nil {
		return "", fmt.Errorf("ask who owns the tables: %w", translatePostgres(err))
	}
	return owner, nil
}

// MayOwnTables reports whether a PostgreSQL role exists and whether it may create tables in the
// schema.
func (s *Store) MayOwnTables(ctx context.Context, role string) (exists, may bool, err error) {
	const query = `SELECT to_regrole(quote_ident($1)) IS NOT NULL,
		coalesce(has_schema_privilege(to_regrole(quote_ident($1)), to_regnamespace(current_schema()), 'CREATE'), true)`
	if err := s.database.sqlDB().QueryRowContext(ctx, query, role).Scan(&exists, &may); err != nil {
		return false, false, fmt.Errorf("ask what %s may: %w", role, err)
	}
	return exists, may, nil
}

// CopyInto writes a consistent copy of the SQLite database into an empty file. Others may write to
// the database meanwhile.
func (s *Store) CopyInto(ctx context.Context, path string) error {
	if _, err := s.database.sqlDB().ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	return nil
}

// File returns the path of the SQLite database; it is "" on other engines.
func (s *Store) File() string { return s.path }

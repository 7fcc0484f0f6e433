package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Information about the server, for operators.

// ConnectionsBeside returns how many connections a Store and its listeners hold in addition to
// Options.MaxConnections: one for pings, and on PostgreSQL one for LISTEN.
func (s *Store) ConnectionsBeside() int {
	if s.engine == Postgres {
		return 2
	}
	return 1
}

// MaxConnections returns how many connections the server accepts in total, without those reserved
// for superusers. It is 0 if there is no server.
func (s *Store) MaxConnections(ctx context.Context) (int, error) {
	query := "SELECT @@max_connections"
	switch s.engine {
	case SQLite:
		return 0, nil
	case Postgres:
		query = `SELECT sum(CASE name WHEN 'max_connections' THEN setting::int ELSE -setting::int END) FROM pg_settings
			WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')`
	}
	var n int
	if err := s.database.sqlDB().QueryRowContext(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("ask for the server's max_connections: %w", err)
	}
	return n, nil
}

// Encrypted reports whether the connection to the server is safe from eavesdropping. It is true for
// an SQLite file.
func (s *Store) Encrypted(ctx context.Context) (bool, error) {
	switch s.engine {
	case SQLite:
		return true, nil
	case Postgres:
		var encrypted bool
		err := s.database.sqlDB().QueryRowContext(ctx, "SELECT count(*) > 0 FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl").Scan(&encrypted)
		if err != nil {
			return false, fmt.Errorf("ask whether the connection is encrypted: %w", err)
		}
		return encrypted, nil
	}
	var name, cipher string
	if err := s.database.sqlDB().QueryRowContext(ctx, "SHOW SESSION STATUS LIKE 'Ssl_cipher'").Scan(&name, &cipher); err != nil {
		return false, fmt.Errorf("ask whether the connection is encrypted: %w", err)
	}
	return cipher != "", nil
}

// RowSecurity is the state of PostgreSQL's row-level security, see
// docs/adr/0012-row-level-security.md.
type RowSecurity struct {
	User    string   // the user that logs in
	Serving string   // the user, or the role that each transaction is switched to
	Owner   bool     // User could drop the policies
	Bypass  bool     // the policies don't apply to Serving
	Open    []string // tables of tenants on which row-level security isn't enabled and forced, with the policies that belong there
	Seen    bool     // a statement without a tenant saw rows of one
	Search  bool     // Serving may switch to the search role, which bypasses the policies, too
	Slow    []string // search views that the search role doesn't own, so that no index is used
	Stale   []string // search views that don't exist or lack a column of their table, so that searches fail
}

const rowSecurityOfTables = `SELECT c.oid::regclass::text, c.relrowsecurity AND c.relforcerowsecurity
		AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant_isolation')
		AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid
			AND NOT (p.polname = 'tenant_isolation' OR p.polname = 'unscoped_reading' AND p.polcmd = 'r'
				OR p.polname = 'searching' AND p.polcmd = 'r' AND p.polroles::regrole[] = ARRAY[to_regrole('tenantry_search')]))
	FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
	WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('tenants')) AND c.relkind IN ('r', 'p')
	ORDER BY c.relname`

const rowSecurityOfViews = `SELECT oid::regclass::text, relowner = coalesce(to_regrole('tenantry_search'), 0)
	FROM pg_class
	WHERE relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('tenants')) AND relkind = 'v' AND starts_with(relname, 'searchable_')
	ORDER BY relname`

const staleViews = `SELECT 'searchable_' || c.relname, EXISTS (SELECT FROM pg_class v
			WHERE v.relnamespace = c.relnamespace AND v.relname = 'searchable_' || c.relname AND v.relkind = 'v')
		AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			AND NOT EXISTS (SELECT FROM pg_attribute va JOIN pg_class v ON v.oid = va.attrelid
				WHERE v.relnamespace = c.relnamespace AND v.relname = 'searchable_' || c.relname AND va.attname = a.attname))
	FROM pg_class c
	WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('tenants')) AND c.relkind IN ('r', 'p')
		AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id' AND NOT attisdropped)
		AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'search_text' AND NOT attisdropped)
	ORDER BY c.relname`

const rowSecurityOfUsers = `SELECT session_user::text, current_user::text,
		login.rolsuper OR login.rolbypassrls OR pg_has_role(session_user, tables.relowner, 'USAGE'), serving.rolsuper OR serving.rolbypassrls,
		coalesce(pg_has_role(current_user, to_regrole('tenantry_search'), 'MEMBER'), false)
	FROM pg_class AS tables, pg_roles AS login, pg_roles AS serving
	WHERE tables.oid = to_regclass('tenants') AND login.rolname = session_user AND serving.rolname = current_user`

// RowSecurity reads the policies and tests whether they apply to this store's statements. It
// returns ErrNotFound on other engines than PostgreSQL, and if there are no tables yet.
func (s *Store) RowSecurity(ctx context.Context) (RowSecurity, error) {
	d, ok := s.database.(*postgresDriver)
	if !ok {
		return RowSecurity{}, ErrNotFound
	}
	conn := postgresConn{d}.Shared()
	var r RowSecurity
	if err := conn.QueryRow(ctx, rowSecurityOfUsers).Scan(&r.User, &r.Serving, &r.Owner, &r.Bypass, &r.Search); err != nil {
		return r, fmt.Errorf("ask who serves: %w", translatePostgres(err))
	}
	var tries []string // a statement for each table and view that is there
	look := func(query string, unfit *[]string) error {
		rows, err := conn.Query(ctx, query)
		if err != nil {
			return fmt.Errorf("look for policies: %w", translatePostgres(err))
		}
		defer rows.Close()
		for rows.Next() {
			var relation string
			var fits bool
			if err := rows.Scan(&relation, &fits); err != nil {
				return fmt.Errorf("look for policies: %w", translatePostgres(err))
			}
			if !fits {
				*unfit = append(*unfit, relation)
			}
			tries = append(tries, "EXISTS (SELECT FROM "+relation+")")
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("look for policies: %w", translatePostgres(err))
		}
		return nil
	}
	if err := errors.Join(look(rowSecurityOfTables, &r.Open), look(rowSecurityOfViews, &r.Slow)); err != nil {
		return r, err
	}
	if len(tries) == 0 {
		return r, ErrNotFound
	}
	if err := conn.QueryRow(ctx, "SELECT "+strings.Join(tries, " OR ")).Scan(&r.Seen); err != nil {
		return r, fmt.Errorf("read without a tenant: %w", translatePostgres(err))
	}
	return r, look(staleViews, &r.Stale)
}

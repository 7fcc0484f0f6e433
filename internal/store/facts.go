package store

import (
	"context"
	"fmt"
)

// What those who run an installation may want to know about the server.

// MaxConnections returns how many connections the server takes from everybody together; 0 means that there is no server.
func (s *Store) MaxConnections(ctx context.Context) (int, error) {
	query := "SELECT @@max_connections"
	switch s.engine {
	case SQLite:
		return 0, nil
	case Postgres:
		query = "SELECT setting::int FROM pg_settings WHERE name = 'max_connections'"
	}
	var n int
	if err := s.database.sqlDB().QueryRowContext(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("ask for the server's max_connections: %w", err)
	}
	return n, nil
}

// Encrypted reports whether nobody on the way to the server can read along. There is no way to an SQLite file.
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

package store

import "database/sql"

// SQLDB lets tests look behind the queries.
func (s *Store) SQLDB() *sql.DB { return s.database.sqlDB() }

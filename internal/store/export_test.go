package store

import (
	"database/sql"

	"github.com/tenantry/tenantry/gen/db/sqlite"
)

// SQLDB lets tests look behind the queries.
func (s *Store) SQLDB() *sql.DB { return s.database.sqlDB() }

// SQLitePlanned shows SQLite which of a query's optional conditions count.
func SQLitePlanned(conn sqlite.DBTX) sqlite.DBTX { return sqlitePlanned{conn} }

package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// ErrOtherDatabase means that DATABASE_URL and MIGRATIONS_DATABASE_URL lead to different databases
// or schemas.
var ErrOtherDatabase = errors.New("MIGRATIONS_DATABASE_URL leads to another database, or another schema of it, than DATABASE_URL")

// IsSameDatabase reports whether another store, perhaps of another user, uses the same database and
// schema. One store takes a lock and the other checks whether it is taken, because one database may
// have several names and addresses.
func (s *Store) IsSameDatabase(ctx context.Context, other *Store) (bool, error) {
	if s.engine != other.engine {
		return false, nil
	}
	if s.engine == SQLite {
		one, err := os.Stat(s.path)
		two, otherErr := os.Stat(other.path)
		return err == nil && otherErr == nil && os.SameFile(one, two), nil
	}
	holder, err := other.database.sqlDB().Conn(ctx)
	if err != nil {
		return false, fmt.Errorf("compare databases: %w", err)
	}
	defer func() { _ = holder.Close() }() // with PostgreSQL this ends the session; with MySQL the pool keeps it
	var random [8]byte
	rand.Read(random[:])                                  // never fails
	key := int64(binary.BigEndian.Uint64(random[:]) >> 1) // without its highest bit it fits
	same, err := s.seesLock(ctx, holder, key)
	if err != nil {
		return false, fmt.Errorf("compare databases: %w", err)
	}
	return same, nil
}

// seesLock makes holder take a lock, and reports whether the store then finds it taken.
func (s *Store) seesLock(ctx context.Context, holder *sql.Conn, key int64) (bool, error) {
	take, try, where := "SELECT pg_try_advisory_lock($1)", "SELECT NOT pg_try_advisory_xact_lock($1)", "SELECT coalesce(current_schema(), '')"
	if s.engine == MySQL {
		take, try, where = "SELECT GET_LOCK(CONCAT('tenantry.same.', ?), 0)", "SELECT IS_USED_LOCK(CONCAT('tenantry.same.', ?)) IS NOT NULL", mysqlPlace
	}
	var took, taken bool
	if err := holder.QueryRowContext(ctx, take, key).Scan(&took); err != nil || !took {
		return false, err
	}
	if s.engine == MySQL {
		defer func() {
			_, _ = holder.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK(CONCAT('tenantry.same.', ?))", key)
		}()
	}
	if err := s.database.sqlDB().QueryRowContext(ctx, try, key).Scan(&taken); err != nil {
		return false, err
	}
	var here, there string
	if err := s.database.sqlDB().QueryRowContext(ctx, where).Scan(&here); err != nil {
		return false, err
	}
	if err := holder.QueryRowContext(ctx, where).Scan(&there); err != nil {
		return false, err
	}
	// A user who may not use the schema yet sees none ("").
	isSamePlace := here == there || s.engine == Postgres && (here == "" || there == "")
	if s.engine == MySQL && isSamePlace && !taken {
		return s.isSameCluster(ctx, holder)
	}
	return taken && isSamePlace, nil
}

// mysqlPlace selects the name of the database, because locks are shared by the whole server.
const mysqlPlace = "SELECT DATABASE()"

// isSameCluster reports whether both servers are nodes of one Galera cluster. Each node has locks
// of its own.
func (s *Store) isSameCluster(ctx context.Context, holder *sql.Conn) (bool, error) {
	const query = "SHOW STATUS LIKE 'wsrep_cluster_state_uuid'"
	var name, here, there string
	err := errors.Join(s.database.sqlDB().QueryRowContext(ctx, query).Scan(&name, &here), holder.QueryRowContext(ctx, query).Scan(&name, &there))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil && here != "" && here == there, err
}

// ForeignTables returns the tables of the schema that the user can't change, because the user
// neither owns them nor is a member of the owner. It returns none on other engines than PostgreSQL,
// which have no owners.
func (s *Store) ForeignTables(ctx context.Context) ([]string, error) {
	if s.engine != Postgres {
		return nil, nil
	}
	const query = `SELECT relname FROM pg_class
		WHERE relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('goose_db_version')) AND relkind IN ('r', 'p')
			AND NOT pg_has_role(relowner, 'USAGE') ORDER BY relname`
	var names []string
	var name string
	if err := eachRow(ctx, s.database.sqlDB(), query, func() { names = append(names, name) }, &name); err != nil {
		return nil, fmt.Errorf("ask who owns the tables: %w", err)
	}
	return names, nil
}

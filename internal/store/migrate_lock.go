package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3/lock"

	"github.com/tenantry/tenantry/internal/netfault"
)

const (
	lockPause       = 50 * time.Millisecond // between two tries
	lockNoticeAfter = time.Second
	lockTimeout     = 5 * time.Minute
)

// migrationLock ensures that only one process at a time migrates a database. If the process is
// killed, the server releases the lock after it has finished the last statement and ended the
// session.
type migrationLock struct {
	try func(ctx context.Context) (bool, error)
	// holder describes the session that holds the lock.
	holder func(ctx context.Context) string
}

// lockMigrations waits for the lock until ctx ends. It tells the operator which session it waits
// for.
func (s *Store) lockMigrations(ctx context.Context, session *sql.DB) (unlock func(), err error) {
	unlock = func() {} // the lock ends with the session
	var l migrationLock
	switch s.engine {
	case Postgres:
		l = sessionLock(session, fmt.Sprintf("SELECT pg_try_advisory_lock(%d)", lock.DefaultLockID), fmt.Sprintf(`SELECT pid FROM pg_locks
			WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) + objid::bigint = %d
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`, lock.DefaultLockID))
	case MySQL:
		const name = "CONCAT('tenantry.migrate.', SHA1(DATABASE()))" // names are the whole server's, and have 64 characters at most
		l = sessionLock(session, "SELECT GET_LOCK("+name+", 0)", "SELECT IS_USED_LOCK("+name+")")
	case SQLite:
		file := flock.New(s.path+".migrate.lock", flock.SetPermissions(sqliteFileMode))
		unlock = func() { _ = file.Close() }
		l.try = func(context.Context) (bool, error) {
			locked, err := file.TryLock()
			return locked, netfault.Hide(err)
		}
		l.holder = func(context.Context) string {
			return "a process that holds the file beside the database whose name ends with .migrate.lock"
		}
	}
	if err := l.wait(ctx, s.notice); err != nil {
		unlock()
		return nil, fmt.Errorf("lock for migration: %w", err)
	}
	return unlock, nil
}

// sessionLock returns a lock that the server grants to a session.
func sessionLock(session *sql.DB, try, holder string) migrationLock {
	return migrationLock{
		try: func(ctx context.Context) (bool, error) {
			var locked sql.NullBool
			err := session.QueryRowContext(ctx, try).Scan(&locked)
			return locked.Bool, err
		},
		holder: func(ctx context.Context) string {
			var id sql.NullInt64
			if err := session.QueryRowContext(ctx, holder).Scan(&id); err != nil || !id.Valid {
				return "another session of the database server"
			}
			return fmt.Sprintf("session %d of the database server", id.Int64)
		},
	}
}

func (l migrationLock) wait(ctx context.Context, notice func(string)) error {
	began, told := time.Now(), false
	for {
		locked, err := l.try(ctx)
		if err != nil || locked {
			return err
		}
		waited := time.Since(began)
		if waited > lockTimeout {
			return fmt.Errorf("after %s, %s is still migrating this database", lockTimeout, l.holder(ctx))
		}
		if waited > lockNoticeAfter && !told {
			told = true
			notice(fmt.Sprintf("waiting for %s, which is migrating this database", l.holder(ctx)))
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errSessionLost = errors.New("the connection that held the lock for migrations is lost")

// singleConnector makes only one connection, because the lock is lost with the connection.
type singleConnector struct {
	driver.Connector

	made atomic.Bool
}

func (c *singleConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if c.made.Load() {
		return nil, errSessionLost
	}
	conn, err := c.Connector.Connect(ctx)
	c.made.Store(err == nil)
	return conn, err
}

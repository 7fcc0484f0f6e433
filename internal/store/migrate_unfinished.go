package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// MySQL and MariaDB commit each DDL statement on its own. If the process is killed, a step may have
// changed the schema without being recorded as done. The table goose_unfinished holds the step that
// was begun last. If this step is repeated, an error such as "already exists" means that the
// earlier run was successful. That is reliable because each section of gen/migrations/mysql has one
// DDL statement, at its end (storegen makes it so), and one DDL statement is carried out completely
// or not at all.

const (
	createUnfinished = "CREATE TABLE IF NOT EXISTS goose_unfinished (id tinyint PRIMARY KEY, version_id bigint NOT NULL, is_up boolean NOT NULL)"
	replaceBegun     = "REPLACE INTO goose_unfinished (id, version_id, is_up) VALUES (1, ?, ?)"
)

// begunStep returns the step that was begun last and may be unfinished. Its version is 0 if there
// is none.
func begunStep(ctx context.Context, engine Engine, db reader) (step, error) {
	if engine != MySQL {
		return step{}, nil
	}
	exists, err := tableExists(ctx, engine, db, "goose_unfinished")
	if err != nil || !exists {
		return step{}, err
	}
	var s step
	err = db.QueryRowContext(ctx, "SELECT version_id, is_up FROM goose_unfinished").Scan(&s.version, &s.up)
	if errors.Is(err, sql.ErrNoRows) {
		return step{}, nil
	}
	if err != nil {
		return step{}, fmt.Errorf("read the migration that was begun: %w", err)
	}
	exists, err = tableExists(ctx, engine, db, "goose_db_version")
	if err != nil {
		return step{}, err
	}
	var noted bool
	if exists {
		err = db.QueryRowContext(ctx, "SELECT count(*) > 0 FROM goose_db_version WHERE version_id = ?", s.version).Scan(&noted)
	}
	if err != nil {
		return step{}, fmt.Errorf("read whether migration %d is noted: %w", s.version, err)
	}
	if noted == s.up {
		return step{}, nil // done
	}
	return s, nil
}

// resume finishes the step in which an earlier process was stopped, and returns it. Its version is
// 0 if there is none.
func (m *migrator) resume(ctx context.Context) (step, error) {
	s, err := begunStep(ctx, m.engine, m.session)
	if err != nil || s.version == 0 {
		return step{}, err
	}
	if m.migration(s.version).Name == "" {
		return step{}, fmt.Errorf("migration %d was begun by a program that knows it, and was stopped: let that program finish it", s.version)
	}
	return s, m.run(ctx, s)
}

// begin records that a step begins. It reports whether the step was begun before and not finished.
func (m *migrator) begin(ctx context.Context, s step) (repeated bool, err error) {
	if m.engine != MySQL {
		return false, nil
	}
	begun, err := begunStep(ctx, m.engine, m.session)
	if err != nil || begun == s {
		return begun == s, err
	}
	if _, err = m.session.ExecContext(ctx, createUnfinished); err == nil {
		_, err = m.session.ExecContext(ctx, replaceBegun, s.version, s.up)
	}
	if err != nil {
		return false, fmt.Errorf("note that migration %d begins: %w", s.version, err)
	}
	return false, nil
}

// clearBegun removes the record that begin has written, if the step is done.
func (m *migrator) clearBegun(ctx context.Context) error {
	if m.engine != MySQL {
		return nil
	}
	exists, err := tableExists(ctx, m.engine, m.session, "goose_unfinished")
	if err != nil || !exists {
		return err
	}
	begun, err := begunStep(ctx, m.engine, m.session)
	if err != nil || begun.version > 0 {
		return err
	}
	return m.forget(ctx)
}

func (m *migrator) forget(ctx context.Context) error {
	if _, err := m.session.ExecContext(ctx, "DELETE FROM goose_unfinished"); err != nil {
		return fmt.Errorf("forget the migration that was begun: %w", err)
	}
	return nil
}

// resolve interprets the error of a step. If the step was carried out by an earlier run, it records
// the step as done and returns nil.
func (m *migrator) resolve(ctx context.Context, s step, repeated bool, cause error) error {
	e, ok := errors.AsType[*mysql.MySQLError](cause)
	if !ok || stoppedByServer[e.Number] {
		return cause // unknown whether it was carried out, so it stays begun
	}
	if findsItsResult(e) && repeated {
		return m.note(ctx, s)
	}
	if findsItsResult(e) {
		cause = fmt.Errorf("%w; the schema has it, although it isn't noted: if all of the migration is there, run tenantry migrate stamp %d", cause, s.version)
	}
	return errors.Join(cause, m.forget(ctx)) // it wasn't carried out
}

// findsItsResult reports whether a DDL statement failed because it had been carried out before.
func findsItsResult(e *mysql.MySQLError) bool {
	// Error 1005 is "can't create table". With errno 121 a foreign key with this name exists
	// (MariaDB).
	return resultIsThere[e.Number] || e.Number == 1005 && strings.Contains(e.Message, "errno: 121")
}

var resultIsThere = map[uint16]bool{
	1022: true, // duplicate key in table
	1050: true, // table exists
	1051: true, // unknown table
	1054: true, // unknown column
	1060: true, // duplicate column
	1061: true, // duplicate key name
	1068: true, // multiple primary key
	1091: true, // can't drop, because it doesn't exist
	1146: true, // table doesn't exist
	1826: true, // duplicate foreign key or check
	3821: true, // check not found
	3822: true, // duplicate check
	3940: true, // constraint doesn't exist
}

// stoppedByServer lists the errors after which a statement may or may not have been carried out.
var stoppedByServer = map[uint16]bool{
	1053: true, // server shuts down
	1317: true, // statement interrupted
	1927: true, // connection killed
}

package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tenantry/tenantry/internal/errs"
)

// The tables below map the engines' error codes to errors of this package. The translate functions
// handle violated constraints. A code found in neither place is a bug (errs.Internal).

// SQLSTATE codes (PostgreSQL, appendix A) that other files use, too.
const (
	tooManyState  = "53300" // too many connections
	readOnlyState = "25006" // as from a server that has become a standby
)

// postgresCodes maps SQLSTATE codes. postgresClasses maps their first two characters and is used
// for codes that aren't in postgresCodes.
var (
	postgresCodes = map[string]func(error) error{
		"40001": contended, // serialization failure
		"40P01": contended, // deadlock
		"55P03": lockedTooLong,
		"25P03": contended,   // idle in transaction
		"25P04": tookTooLong, // transaction time-out
		"57014": tookTooLong, // statement time-out, or cancelled by an administrator
		"53100": unwritable,  // disk full

		readOnlyState: readOnly,
	}
	postgresClasses = map[string]func(error) error{
		"08": unavailable, // connection lost
		"53": unavailable, // out of memory, connections or another resource
		"57": unavailable, // server shutting down, starting, or not available
		"58": unwritable,  // input or output failed
	}
)

// mysqlCodes maps error numbers of MySQL and MariaDB.
var mysqlCodes = map[uint16]func(error) error{
	1020: contended, // the row has changed since it was read
	1205: lockedTooLong,
	1213: contended, // deadlock

	1317: tookTooLong, // query interrupted
	1969: tookTooLong, // max_statement_time of MariaDB
	3024: tookTooLong, // max_execution_time of MySQL

	3:    unwritable,   // a file can't be written, as on a full disk
	1021: unwritable,   // disk full
	1026: unwritable,   // a file can't be written
	1030: unwritable,   // the storage engine failed, as on a full disk
	1114: unwritable,   // the table is full
	1180: outOfCluster, // the commit failed
	1290: unwritable,   // read_only
	1792: unwritable,   // read-only transaction
	1836: unwritable,   // read-only mode
	3100: unwritable,   // a hook of the replication refused

	1037: unavailable, // out of memory
	1038: unavailable, // out of memory for sorting
	1040: unavailable, // too many connections
	1041: unavailable, // out of memory
	1047: outOfCluster,
	1053: unavailable, // shutting down
	1135: unavailable, // no more threads
	1203: unavailable, // too many connections of this user
	1226: unavailable, // a limit of this user
	1927: unavailable, // connection killed
	3168: unavailable, // server isn't available
	3169: unavailable, // session killed
}

// sqliteCodes maps primary result codes of SQLite.
var sqliteCodes = map[int]func(error) error{
	sqlite3.SQLITE_BUSY:     contended,
	sqlite3.SQLITE_LOCKED:   contended,
	sqlite3.SQLITE_PROTOCOL: contended, // too many try to lock the file
	sqlite3.SQLITE_NOMEM:    unavailable,
	sqlite3.SQLITE_CANTOPEN: unavailable,
	sqlite3.SQLITE_IOERR:    unwritable,
	sqlite3.SQLITE_FULL:     unwritable,
	sqlite3.SQLITE_READONLY: unwritable,
}

// isFull reports whether a MySQL server refused the connection because it has too many. Such a
// server is up.
func isFull(err error) bool {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && (e.Number == 1040 || e.Number == 1203)
}

// contended returns an error that makes Tx retry. Outside of Tx, or after the last attempt, the
// client gets it as it is.
func contended(cause error) error {
	return errs.New(errs.Unavailable, "Too many requests are changing the same rows. Try again in a moment.").
		After(time.Second).Because(fmt.Errorf("%w: %w", errContended, cause))
}

// lockedTooLong returns a contended error that Tx retries only once, because the lock may be held
// for long.
func lockedTooLong(cause error) error { return contended(fmt.Errorf("%w: %w", errLockTimeout, cause)) }

func unavailable(cause error) error {
	return errs.New(errs.Unavailable, "The database does not answer. Try again in a moment.").After(time.Second).Because(cause)
}

// outOfCluster returns the error for a node that has lost its Galera cluster.
func outOfCluster(cause error) error {
	return unavailable(fmt.Errorf("the node may have lost its Galera cluster: %w", cause))
}

// unwritable returns the error for a database that refuses changes but may still answer reads.
func unwritable(cause error) error {
	return errs.New(errs.Unavailable, "The database accepts no changes at the moment. Try again later.").
		After(unwritableRetry).Because(fmt.Errorf("%w: %w", errUnwritable, cause))
}

// readOnly returns an unwritable error that Tx retries once, because another server may have become
// the primary.
func readOnly(cause error) error { return unwritable(fmt.Errorf("%w: %w", errReadOnly, cause)) }

// tookTooLong returns the error for a statement that the server stopped because it took too long.
func tookTooLong(cause error) error {
	return errs.New(errs.Timeout, "This took too long and was stopped. Nothing was changed.").After(time.Second).Because(cause)
}

package store

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/internal/netfault"
)

// hide describes a connection error without quoting it, because servers quote the names of users
// and databases.
func hide(err error) error { return netfault.Hide(err, describePostgres, describeMySQL) }

// hiddenConnector hides the errors of another connector.
type hiddenConnector struct{ driver.Connector }

func (c hiddenConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	return conn, hide(err)
}

// postgresRefusals describes SQLSTATE codes with which PostgreSQL refuses a connection (appendix
// A).
var postgresRefusals = map[string]string{
	"28P01":       "the server refuses the user or the password",
	"28000":       "the server refuses the user: pg_hba.conf doesn't let it in from here, or there is no such user",
	"3D000":       "the server has no such database",
	"42501":       "the user may not connect to the database",
	"42704":       "the server doesn't know a setting that options of the URL set",
	"22023":       "the server refuses the value of an option of the URL",
	"55000":       "the database takes no connections",
	"57P03":       "the server is starting or stopping",
	"57P01":       "the server is stopping",
	"08P01":       "the server, or a pooler before it, refuses an option of the URL",
	tooManyState:  "the server has no connection left",
	readOnlyState: "the server takes no changes",
}

func describePostgres(err error) string {
	e, ok := err.(*pgconn.PgError) //nolint:errorlint // each error of a chain in turn
	if !ok {
		return ""
	}
	if reason, known := postgresRefusals[e.Code]; known {
		return fmt.Sprintf("%s (SQLSTATE %s)", reason, e.Code)
	}
	return fmt.Sprintf("the server refuses the connection (SQLSTATE %s)", e.Code)
}

// mysqlRefusals describes error numbers with which MySQL and MariaDB refuse a connection.
var mysqlRefusals = map[uint16]string{
	1045: "the server refuses the user or the password", 1698: "the server refuses the user or the password",
	1044: "the user may not use the database", 1049: "the server has no such database",
	1129: "the server takes no connections from here", 1130: "the server takes no connections from here",
	1040: "the server has no connection left", 1203: "the user has no connection left", 1226: "the user has no connection left",
	1193: "the server doesn't know a variable that an option of the URL sets",
	1231: "the server refuses the value of an option of the URL", 1232: "the server refuses the value of an option of the URL",
	1115: "the server doesn't know the character set or collation", 1273: "the server doesn't know the character set or collation",
	1053: "the server is stopping",
}

func describeMySQL(err error) string {
	e, ok := err.(*mysql.MySQLError) //nolint:errorlint // each error of a chain in turn
	if !ok {
		return ""
	}
	if reason, known := mysqlRefusals[e.Number]; known {
		return fmt.Sprintf("%s (error %d)", reason, e.Number)
	}
	return fmt.Sprintf("the server refuses the connection (error %d)", e.Number)
}

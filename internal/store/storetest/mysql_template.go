package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// mysqlTemplate holds the statements that create the newest schema, and the rows that migrations
// insert.
var mysqlTemplate struct {
	mu         sync.Mutex
	statements []statement
}

type statement struct {
	text string
	args []any
}

// copyMySQL returns the URL of a new database with the newest schema. Only the first one in a
// process is migrated; the others are copies.
func copyMySQL(t testing.TB, adminURL string) string {
	t.Helper()
	databaseURL := newMySQL(t, adminURL)
	conn, end := mysqlSession(t, databaseURL)
	defer end()
	mysqlTemplate.mu.Lock()
	defer mysqlTemplate.mu.Unlock()
	if mysqlTemplate.statements == nil {
		migrate(t, databaseURL)
		mysqlTemplate.statements = dumpMySQL(t, conn)
		return databaseURL
	}
	for _, s := range mysqlTemplate.statements {
		if _, err := conn.ExecContext(t.Context(), s.text, s.args...); err != nil {
			t.Fatalf("%s: %v", s.text, err)
		}
	}
	return databaseURL
}

// mysqlSession opens the only connection to a database. All statements must use it, because SET
// affects only its own connection.
func mysqlSession(t testing.TB, databaseURL string) (*sql.Conn, func()) {
	t.Helper()
	pool := openMySQL(t, databaseURL)
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return conn, func() {
		_ = conn.Close()
		_ = pool.Close()
	}
}

func dumpMySQL(t testing.TB, conn *sql.Conn) []statement {
	t.Helper()
	defaults := rowsOf(t, conn, "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = database()")[0]
	statements := []statement{
		{text: fmt.Sprintf("ALTER DATABASE CHARACTER SET %s COLLATE %s", defaults...)}, {text: "SET foreign_key_checks = 0"},
	}
	for _, table := range rowsOf(t, conn, "SHOW TABLES") {
		name := fmt.Sprintf("`%s`", table[0])
		created := rowsOf(t, conn, "SHOW CREATE TABLE "+name)[0]
		statements = append(statements, statement{text: fmt.Sprint(created[1])})
		for _, row := range rowsOf(t, conn, "SELECT * FROM "+name) { //nolint:unqueryvet // whatever there is
			places := strings.TrimSuffix(strings.Repeat("?,", len(row)), ",")
			statements = append(statements, statement{fmt.Sprintf("INSERT INTO %s VALUES (%s)", name, places), row})
		}
	}
	return statements
}

// rowsOf returns the values of all rows of a query.
func rowsOf(t testing.TB, conn *sql.Conn, query string) [][]any {
	t.Helper()
	rows, err := conn.QueryContext(context.WithoutCancel(t.Context()), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]any
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for i, v := range values {
			if text, isBytes := v.([]byte); isBytes && !slices.Contains([]string{"BINARY", "VARBINARY", "BLOB"}, columns[i].DatabaseTypeName()) {
				values[i] = string(text)
			}
		}
		all = append(all, values)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

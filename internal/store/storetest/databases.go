package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
)

// Names of databases and roles need no quotes: they consist of random letters and digits.

// newPostgres creates a database. It copies the template, unless that is "".
func newPostgres(t testing.TB, adminURL, template string) string {
	t.Helper()
	return newDatabase(t, openPostgres(t, adminURL), adminURL, template, " WITH (FORCE)")
}

// ServingURL returns the URL of a migrated PostgreSQL database with a new user. As in production,
// this user is a member of tenantry_serving and of no other role. It is dropped after the test.
func ServingURL(t testing.TB, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatalf("the database's URL can't be read")
	}
	name, password := "tenantry_test_"+strings.ToLower(rand.Text()), rand.Text() // roles exist in the whole server, so the name must be unique
	owner := openPostgres(t, databaseURL)
	owner.SetMaxIdleConns(0)
	if _, err := owner.ExecContext(t.Context(), "CREATE ROLE "+name+" LOGIN PASSWORD '"+password+"' IN ROLE tenantry_serving"); err != nil {
		t.Fatalf("create user: %v", err)
	}
	t.Cleanup(func() {
		if _, err := owner.ExecContext(context.Background(), "DROP ROLE "+name); err != nil {
			t.Errorf("drop user: %v", err)
		}
		_ = owner.Close()
	})
	u.User = url.UserPassword(name, password)
	return u.String()
}

func openPostgres(t testing.TB, adminURL string) *sql.DB {
	t.Helper()
	admin, err := sql.Open("pgx", adminURL)
	if err != nil {
		t.Fatalf("TEST_POSTGRES_URL: %v", err)
	}
	return admin
}

func newMySQL(t testing.TB, adminURL string) string {
	t.Helper()
	return newDatabase(t, openMySQL(t, adminURL), adminURL, "", "")
}

func openMySQL(t testing.TB, databaseURL string) *sql.DB {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatalf("TEST_MYSQL_URL can't be read as a URL")
	}
	config := mysql.NewConfig()
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.Net, config.Addr, config.DBName = "tcp", u.Host, strings.Trim(u.Path, "/")
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatalf("TEST_MYSQL_URL: %v", err)
	}
	return sql.OpenDB(connector)
}

// postgres15 is the first version of PostgreSQL in which the way of copying a template can be
// chosen.
const postgres15 = 150000

// newDatabase creates a database on a server and returns its URL. A test that is killed leaves its
// database behind, recognizable by its name.
func newDatabase(t testing.TB, admin *sql.DB, adminURL, template, howToDrop string) string {
	t.Helper()
	name := "tenantry_test_" + strings.ToLower(rand.Text())
	admin.SetMaxIdleConns(0) // hold no connection while the test runs
	statement := "CREATE DATABASE " + name
	if template != "" {
		statement += " TEMPLATE " + template
		var version int
		if err := admin.QueryRowContext(t.Context(), "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
			t.Fatalf("version of the server: %v", err)
		}
		if version >= postgres15 {
			statement += " STRATEGY file_copy" // takes a fifth of the time of the default
		}
	}
	if _, err := admin.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE "+name+howToDrop); err != nil {
			t.Errorf("drop database: %v", err)
		}
		_ = admin.Close()
	})
	return withName(t, adminURL, name)
}

func withName(t testing.TB, adminURL, name string) string {
	t.Helper()
	u, err := url.Parse(adminURL)
	if err != nil {
		t.Fatalf("the server's URL can't be read")
	}
	u.Path = "/" + name
	return u.String()
}

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

// The names below are random letters and digits and need no quotes.

func newPostgres(t testing.TB, adminURL string) string {
	t.Helper()
	admin, err := sql.Open("pgx", adminURL)
	if err != nil {
		t.Fatalf("TEST_POSTGRES_URL: %v", err)
	}
	return newDatabase(t, admin, adminURL, " WITH (FORCE)")
}

func newMySQL(t testing.TB, adminURL string) string {
	t.Helper()
	u, err := url.Parse(adminURL)
	if err != nil {
		t.Fatalf("TEST_MYSQL_URL can't be read as a URL")
	}
	config := mysql.NewConfig()
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.Net, config.Addr = "tcp", u.Host
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatalf("TEST_MYSQL_URL: %v", err)
	}
	return newDatabase(t, sql.OpenDB(connector), adminURL, "")
}

// newDatabase creates a database on a server and returns its URL. A test that is killed leaves its database behind,
// recognizable by its name.
func newDatabase(t testing.TB, admin *sql.DB, adminURL, howToDrop string) string {
	t.Helper()
	name := "tenantry_test_" + strings.ToLower(rand.Text())
	admin.SetMaxIdleConns(0) // hold no connection while the test runs
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE "+name+howToDrop); err != nil {
			t.Errorf("drop database: %v", err)
		}
		_ = admin.Close()
	})
	u, err := url.Parse(adminURL)
	if err != nil {
		t.Fatalf("the server's URL can't be read")
	}
	u.Path = "/" + name
	return u.String()
}

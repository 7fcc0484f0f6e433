package store

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestPostgresProgramsReachTheServersOfTheURL(t *testing.T) {
	t.Parallel()
	const databaseURL = "postgres://app:p%40ss@db1:5432,db2:6432/tenantry?sslmode=prefer&target_session_attrs=read-write&connect_timeout=3&search_path=app"
	config, err := pgconn.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	got := postgresClient(config, databaseURL)
	slices.Sort(got.Environment)
	want := []string{
		"PGCONNECT_TIMEOUT=3", "PGDATABASE=tenantry", "PGHOST=db1,db2", "PGPASSWORD=p@ss", "PGPORT=5432,6432", "PGSSLMODE=prefer",
		"PGTARGETSESSIONATTRS=read-write", "PGUSER=app",
	}
	if !slices.Equal(got.Environment, want) || got.Database != "tenantry" {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestMySQLProgramsReachTheServerOfTheURL(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		`app:a"b\c@tcp(db:3307)/tenantry?tls=true`: "protocol=tcp\nhost=\"db\"\nport=3307\nssl\nssl-verify-server-cert\n",
		`app:a"b\c@tcp([::1]:3306)/tenantry`:       "protocol=tcp\nhost=\"::1\"\nport=3306\n",
		`app:a"b\c@unix(/run/my.sock)/tenantry`:    "protocol=socket\nsocket=\"/run/my.sock\"\n",
	} {
		config, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		got, err := mysqlClient(config)
		want = "[client]\nuser=\"app\"\npassword=\"a\\\"b\\\\c\"\ndefault-character-set=utf8mb4\n" + want
		if err != nil || got.OptionFile != want || strings.Contains(got.Database, "?") {
			t.Errorf("%s: %v\n%s\nwant\n%s", dsn, err, got.OptionFile, want)
		}
	}
}

package servers

import (
	"slices"
	"testing"
)

func TestURLs(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"PostgreSQL":    "postgres://postgres:secret@127.0.0.1:5000/postgres?sslmode=disable",
		"MariaDB/MySQL": "mysql://root:secret@127.0.0.1:5000/",
		"Redis":         "redis://127.0.0.1:5000/0",
	}
	for _, e := range []Engine{Postgres(), MySQL(), Redis()} {
		if got := e.URL("127.0.0.1:5000", "secret"); got != want[e.Name] {
			t.Errorf("%s: %s, want %s", e.Name, got, want[e.Name])
		}
	}
}

func TestNewestPostgresComesFirst(t *testing.T) {
	t.Parallel()
	got := newestFirst([]string{"/p/10/bin", "/p/9.6/bin", "/p/other/bin", "/p/17/bin"})
	want := []string{"/p/17/bin", "/p/10/bin", "/p/9.6/bin", "/p/other/bin"}
	if !slices.Equal(got, want) {
		t.Errorf("order %q, want %q", got, want)
	}
}

func TestMySQLLabel(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"10.11.19-MariaDB-0+deb12u1": "MariaDB 10.11.19",
		"8.0.43-0ubuntu0.24.04.1":    "MySQL 8.0.43",
		"9.4.0":                      "MySQL 9.4.0",
	}
	for version, want := range tests {
		if got := mysqlLabel(version); got != want {
			t.Errorf("mysqlLabel(%q) = %q, want %q", version, got, want)
		}
	}
}

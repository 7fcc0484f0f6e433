package store

import (
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store/dburl"
)

// certificateFiles writes a certificate and its key into files.
func certificateFiles(t *testing.T) (certificate, key string) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	private, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, content []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("c.pem", "CERTIFICATE", server.Certificate().Raw), write("k.pem", "PRIVATE KEY", private)
}

// withoutVariables removes the machine's environment variables for PostgreSQL during the test.
func withoutVariables(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("HOME", home)
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "PG") {
			t.Setenv(name, "")
			_ = os.Unsetenv(name) // t.Setenv restores it after the test
		}
	}
	return home
}

func postgresEnvironment(t *testing.T, databaseURL string) []string {
	t.Helper()
	u, err := dburl.Parse(databaseURL)
	if err != nil {
		t.Fatalf("%s: %v", databaseURL, err)
	}
	config, err := u.Postgres()
	if err != nil {
		t.Fatal(err)
	}
	settings, err := postgresClient(&config.ConnConfig.Config, u)
	if err != nil {
		t.Fatal(err)
	}
	return settings.Environment
}

func TestPostgresProgramsReachTheServersOfTheURL(t *testing.T) {
	home := withoutVariables(t)
	certificate, key := certificateFiles(t)
	service := filepath.Join(home, "services")
	if err := os.WriteFile(service, []byte("[s]\nhost=served\nsslmode=verify-full\nuser=x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string][]string{
		"sslmode=disable":   {"PGSSLMODE=disable", "PGSSLROOTCERT=", "PGSSLCERT=", "PGSSLKEY="},
		"sslmode=prefer":    {"PGSSLMODE=prefer"},
		"sslmode=require":   {"PGSSLMODE=require"},
		"ssl=true":          {"PGSSLMODE=require"},
		"sslmode=no-verify": {"PGSSLMODE=require", "PGSSLROOTCERT="},
		"sslmode=verify-ca&sslrootcert=" + certificate:       {"PGSSLMODE=verify-ca", "PGSSLROOTCERT=" + certificate},
		"sslmode=verify-full&sslrootcert=" + certificate:     {"PGSSLMODE=verify-full", "PGSSLROOTCERT=" + certificate},
		"sslcert=" + certificate + "&sslkey=" + key:          {"PGSSLCERT=" + certificate, "PGSSLKEY=" + key},
		"sslsni=0&sslnegotiation=postgres&sslcertmode=allow": {"PGSSLSNI=0", "PGSSLNEGOTIATION=postgres", "PGSSLCERTMODE=allow"},
		"channel_binding=require&require_auth=scram-sha-256": {"PGCHANNELBINDING=require", "PGREQUIREAUTH=scram-sha-256"},
		"connect_timeout=3&target_session_attrs=read-write":  {"PGCONNECT_TIMEOUT=3", "PGTARGETSESSIONATTRS=read-write"},
		"options=endpoint%3Done&search_path=app":             {"PGOPTIONS=endpoint=one"},
		"service=s&servicefile=" + service:                   {"PGSSLMODE=verify-full"},
		"service=s&sslmode=require&servicefile=" + service:   {"PGSSLMODE=require"},
	} {
		got := postgresEnvironment(t, "postgres://app:p%40ss@db1:5432,db2:6432/tenantry?"+query)
		want = append(want, "PGDATABASE=tenantry", "PGHOST=db1,db2", "PGPASSWORD=p@ss", "PGPORT=5432,6432", "PGUSER=app")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	t.Setenv("PGSSLMODE", "verify-full")
	if got := postgresEnvironment(t, "postgres://app@db/tenantry"); !slices.Contains(got, "PGSSLMODE=verify-full") {
		t.Errorf("PGSSLMODE is %q; want the variable of the process", got)
	}
}

func TestMySQLProgramsReachTheServerOfTheURL(t *testing.T) {
	t.Parallel()
	certificate, key := certificateFiles(t)
	const (
		verified = "[client-mariadb]\nssl\nssl-verify-server-cert\n"
		tolerant = "[client-mariadb]\nssl\nskip-ssl-verify-server-cert\n"
	)
	for address, want := range map[string]string{
		"db:3307/tenantry":                     "protocol=tcp\nhost=\"db\"\nport=3307\n",
		"[::1]/tenantry":                       "protocol=tcp\nhost=\"::1\"\nport=3306\n",
		"db/tenantry?unix_socket=/run/my.sock": "protocol=socket\nsocket=\"/run/my.sock\"\n",
		"db/tenantry?ssl-mode=DISABLED":        "protocol=tcp\nhost=\"db\"\nport=3306\nloose-ssl-mode=DISABLED\n[client-mariadb]\nskip-ssl\n",
		"db/tenantry?ssl-mode=PREFERRED":       "protocol=tcp\nhost=\"db\"\nport=3306\nloose-ssl-mode=PREFERRED\n" + tolerant,
		"db/tenantry?ssl-mode=REQUIRED":        "protocol=tcp\nhost=\"db\"\nport=3306\nloose-ssl-mode=REQUIRED\n" + tolerant,
		"db/tenantry?tls=skip-verify":          "protocol=tcp\nhost=\"db\"\nport=3306\nloose-ssl-mode=REQUIRED\n" + tolerant,
		"db/tenantry?tls=true":                 "protocol=tcp\nhost=\"db\"\nport=3306\nloose-ssl-mode=VERIFY_IDENTITY\n" + verified,
		"db/tenantry?sslaccept=strict":         "protocol=tcp\nhost=\"db\"\nport=3306\nloose-ssl-mode=VERIFY_IDENTITY\n" + verified,
		"db/tenantry?ssl_ca=" + certificate:    "protocol=tcp\nhost=\"db\"\nport=3306\nloose-ssl-mode=VERIFY_CA\nssl-ca=\"" + certificate + "\"\n" + verified,
		"db/tenantry?ssl-mode=VERIFY_IDENTITY&ssl_ca=" + certificate + "&ssl_cert=" + certificate + "&ssl_key=" + key: "protocol=tcp\nhost=\"db\"\nport=3306\n" +
			"loose-ssl-mode=VERIFY_IDENTITY\nssl-ca=\"" + certificate + "\"\nssl-cert=\"" + certificate + "\"\nssl-key=\"" + key + "\"\n" + verified,
	} {
		u, err := dburl.Parse("mysql://app:a%22b%5Cc@" + address)
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		config, err := u.MySQL()
		if err != nil {
			t.Fatal(err)
		}
		got, err := mysqlClient(config, u)
		want = "[client]\nuser=\"app\"\npassword=\"a\\\"b\\\\c\"\ndefault-character-set=utf8mb4\n" + want
		if err != nil || got.OptionFile != want || got.Database != "tenantry" {
			t.Errorf("%s: %v\n%s\nwant\n%s", address, err, got.OptionFile, want)
		}
	}
}

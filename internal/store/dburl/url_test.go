package dburl_test

import (
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tenantry/tenantry/internal/store/dburl"
)

// withoutVariables removes the machine's settings for PostgreSQL during the test, which can't be
// parallel.
func withoutVariables(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("HOME", home)
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "PG") {
			t.Setenv(name, "")
		}
	}
	return home
}

func parse(t *testing.T, text string) *dburl.URL {
	t.Helper()
	u, err := dburl.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return u
}

func TestPostgreSQLURLsOfOtherPrograms(t *testing.T) {
	withoutVariables(t)
	verifiesChain := func(c *tls.Config) bool { return c != nil && c.VerifyPeerCertificate != nil }
	verifiesNothing := func(c *tls.Config) bool {
		return c != nil && c.InsecureSkipVerify && c.VerifyPeerCertificate == nil
	}
	for text, right := range map[string]func(c *pgxpool.Config) bool{
		"postgres://u:p@h:5433/d": func(c *pgxpool.Config) bool {
			return c.ConnConfig.User == "u" && c.ConnConfig.Password == "p" && c.ConnConfig.Host == "h" && c.ConnConfig.Port == 5433 && c.ConnConfig.Database == "d"
		},
		`postgresql+psycopg2://u:p%40%2F%3F%23%5B%25%27\@h/my%20d`: func(c *pgxpool.Config) bool {
			return c.ConnConfig.Password == `p@/?#[%'\` && c.ConnConfig.Database == "my d" && c.ConnConfig.Port == 5432
		},
		"postgresql://u:p:q@h/d":         func(c *pgxpool.Config) bool { return c.ConnConfig.Password == "p:q" },
		"postgres://h/d?sslmode=disable": func(c *pgxpool.Config) bool { return c.ConnConfig.TLSConfig == nil },
		"postgres://h/d?sslmode=no-verify": func(c *pgxpool.Config) bool {
			return verifiesNothing(c.ConnConfig.TLSConfig) && len(c.ConnConfig.Fallbacks) == 0
		},
		"postgres://h/d?ssl=true":                func(c *pgxpool.Config) bool { return verifiesNothing(c.ConnConfig.TLSConfig) },
		"postgresql+asyncpg://h/d?ssl=verify-ca": func(c *pgxpool.Config) bool { return verifiesChain(c.ConnConfig.TLSConfig) },
		"postgres://h/d?ssl-mode=VERIFY_CA":      func(c *pgxpool.Config) bool { return verifiesChain(c.ConnConfig.TLSConfig) },
		"postgres://h/d?sslrootcert=system":      func(c *pgxpool.Config) bool { return !c.ConnConfig.TLSConfig.InsecureSkipVerify },
		"postgres://h/d?channel_binding=require": func(c *pgxpool.Config) bool { return c.ConnConfig.ChannelBinding == "require" },
		"postgres://h/d?options=-c%20statement_timeout%3D5s": func(c *pgxpool.Config) bool {
			return c.ConnConfig.RuntimeParams["options"] == "-c statement_timeout=5s"
		},
		"postgres://h/d?schema=app&pgbouncer=true&keepalives_idle=30&prepared_statement_cache_size=0": func(c *pgxpool.Config) bool {
			return len(c.ConnConfig.RuntimeParams) == 1 && c.ConnConfig.RuntimeParams["search_path"] == "app"
		},
		"postgres://h/d?application_name=x&connect_timeout=7": func(c *pgxpool.Config) bool {
			return c.ConnConfig.RuntimeParams["application_name"] == "x" && c.ConnConfig.ConnectTimeout == 7*time.Second
		},
		"postgres://h1,h2:5433/d?target_session_attrs=read-write&sslmode=disable": func(c *pgxpool.Config) bool {
			return c.ConnConfig.Host == "h1" && c.ConnConfig.Fallbacks[0].Host == "h2" && c.ConnConfig.Fallbacks[0].Port == 5433 && c.ConnConfig.ValidateConnect != nil
		},
		"postgres://u@/d?host=/var/run/postgresql": func(c *pgxpool.Config) bool { return c.ConnConfig.Host == "/var/run/postgresql" },
		"postgres://u@%2Fvar%2Frun/d":              func(c *pgxpool.Config) bool { return c.ConnConfig.Host == "/var/run" },
		"postgres://u@[::1]:5433/d":                func(c *pgxpool.Config) bool { return c.ConnConfig.Host == "::1" && c.ConnConfig.Port == 5433 },
	} {
		config, err := parse(t, text).Postgres()
		if err != nil || !right(config) {
			t.Errorf("%s is read as another address (error %v)", text, err)
		}
	}
}

func TestMySQLURLsOfOtherPrograms(t *testing.T) {
	t.Parallel()
	plain := func(c *mysql.Config) bool { return c.TLS == nil && len(c.Params) == 0 }
	encrypted := func(c *mysql.Config) bool {
		return c.TLS != nil && c.TLS.InsecureSkipVerify && c.TLS.VerifyConnection == nil && !c.AllowFallbackToPlaintext
	}
	chain := func(c *mysql.Config) bool { return c.TLS != nil && c.TLS.VerifyConnection != nil }
	full := func(c *mysql.Config) bool {
		return c.TLS != nil && !c.TLS.InsecureSkipVerify && c.TLS.ServerName == "h"
	}
	for text, right := range map[string]func(c *mysql.Config) bool{
		"mysql://u:p%3A@h/d": func(c *mysql.Config) bool {
			return c.User == "u" && c.Passwd == "p:" && c.Addr == "h:3306" && c.DBName == "d" && plain(c)
		},
		"mysql+pymysql://u@h:3307/d?charset=utf8mb4&autocommit=true": func(c *mysql.Config) bool { return c.Addr == "h:3307" && plain(c) },
		"mariadb+aiomysql://u@[::1]/d":                               func(c *mysql.Config) bool { return c.Addr == "[::1]:3306" },
		"mysql://u@h/d?ssl-mode=DISABLED":                            plain,
		"mysql://u@h/d?ssl-mode=PREFERRED":                           func(c *mysql.Config) bool { return c.TLS != nil && c.AllowFallbackToPlaintext },
		"mysql://u@h/d?ssl-mode=REQUIRED":                            encrypted,
		"mysql://u@h/d?ssl_mode=require":                             encrypted,
		"mysql://u@h/d?sslmode=no-verify":                            encrypted,
		"mysql://u@h/d?ssl=true":                                     encrypted,
		"mysql://u@h/d?useSSL=true":                                  encrypted,
		"mysql://u@h/d?tls=skip-verify":                              encrypted,
		"mysql://u@h/d?ssl_verify_cert=false":                        encrypted,
		`mysql://u@h/d?ssl={"rejectUnauthorized":false}`:             encrypted,
		"mysql://u@h/d?ssl-mode=VERIFY_CA":                           chain,
		"mysql://u@h/d?ssl_verify_cert=true&ssl=true":                chain,
		"mysql://u@h/d?ssl=true&ssl_verify_cert=true":                chain,
		"mysql://u@h/d?ssl-mode=VERIFY_IDENTITY":                     full,
		"mysql://u@h/d?ssl_verify_identity=true&ssl_verify_cert=1":   full,
		"mysql://u@h/d?tls=true":                                     full,
		"mysql://u@h/d?ssl-mode=VERIFY_CA&ssl_verify_identity=true":  full,
		"mysql://u@h/d?ssl=true&ssl_disabled=false&tls=true":         full,
		"mysql://u@h/d?ssl-mode=REQUIRED&ssl_verify_cert=true":       chain,
		"mysql://u@h/d?ssl-mode=REQUIRED&ssl_verify_cert=false":      encrypted,
		"mysql://u@h/d?ssl_disabled=true&ssl_verify_cert=false":      plain,
		"mysql://u@h/d?ssl_disabled=false&ssl_verify_identity=false": plain,
		"mysql://u@h/d?sslaccept=strict":                             full,
		`mysql://u@h/d?ssl={"rejectUnauthorized":true}`:              full,
		"mysql://u@/d?unix_socket=/run/mysqld/mysqld.sock":           func(c *mysql.Config) bool { return c.Net == "unix" && c.Addr == "/run/mysqld/mysqld.sock" },
		"mysql://u@h/d?connect_timeout=10&read_timeout=1.5&writeTimeout=2s": func(c *mysql.Config) bool {
			return c.Timeout == 10*time.Second && c.ReadTimeout == 1500*time.Millisecond && c.WriteTimeout == 2*time.Second
		},
		"mysql://u@h/d?innodb_lock_wait_timeout=9&wsrep_sync_wait=15": func(c *mysql.Config) bool {
			return c.Params["innodb_lock_wait_timeout"] == "9" && c.Params["wsrep_sync_wait"] == "15"
		},
	} {
		config, err := parse(t, text).MySQL()
		if err != nil || !right(config) {
			t.Errorf("%s is read as another address (error %v)", text, err)
		}
	}
}

func TestContradictionsAboutTLSAreRefused(t *testing.T) {
	t.Parallel()
	for _, query := range []string{
		"ssl-mode=VERIFY_IDENTITY&ssl=false", "ssl-mode=VERIFY_CA&ssl_disabled=true", "ssl_verify_identity=true&ssl-mode=DISABLED", "tls=true&useSSL=false",
		"sslaccept=strict&ssl=false", "ssl_verify_identity=true&ssl-mode=PREFERRED", "ssl-mode=VERIFY_CA&tls=skip-verify", "ssl-mode=VERIFY_CA&ssl_verify_cert=false",
		"ssl=true&useSSL=false", "ssl_check_hostname=true&ssl_verify_identity=false", "tls=preferred&ssl=true", "ssl-mode=DISABLED&ssl_disabled=false",
		`sslaccept=strict&ssl={"rejectUnauthorized":false}`, "ssl_ca=/one&sslrootcert=/two", "tls=true&ssl_verify_cert=false",
	} {
		first, second, _ := strings.Cut(query, "&")
		for _, order := range []string{first + "&" + second, second + "&" + first} {
			_, err := dburl.Parse("mysql://u@h/d?" + order)
			one, _, _ := strings.Cut(first, "=")
			two, _, _ := strings.Cut(second, "=")
			if err == nil || !strings.Contains(err.Error(), one) || !strings.Contains(err.Error(), two) {
				t.Errorf("%s: %v; want an error that names both options", order, err)
			}
		}
	}
}

func TestSQLiteURLsNameTheRightFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"sqlite:///data/x.db": "data/x.db", "sqlite:////srv/x.db": "/srv/x.db", "sqlite+aiosqlite:///./x.db": "./x.db", "sqlite3:///x.db": "x.db",
		"sqlite:///h#x.db": "h#x.db", "sqlite:///a b.db": "a b.db", "sqlite:///a%20b%3F%25.db": "a b?%.db", "sqlite:///x@y:z.db": "x@y:z.db", "sqlite:///price$.db": "price$.db", "sqlite:///memory.db": "memory.db",
		"sqlite:///x.db?mode=rwc&cache=private&check_same_thread=false": "x.db",
	} {
		if got := parse(t, text).File(); got != want {
			t.Errorf("%s names %q, want %q", text, got, want)
		}
	}
}

func TestURLsThatAreRefused(t *testing.T) {
	withoutVariables(t)
	const encoding, noDatabase, memory = "needs percent-encoding", "names no database", "database in memory"
	for text, want := range map[string]string{
		"postgres": "must be a URL like", "oracle://u:hunter2@h/d": "must be a URL like", "jdbc:postgresql://h/d?password=hunter2": "must be a URL like",
		"postgres://": "must be a URL like", "file:hunter2.db": "must be a URL like",
		"postgres://u:x@hunter2@h/d": encoding, "postgres://u:hunter2/x@h/d": encoding, "mysql://u:hunter2#x@h/d": encoding, "mysql://u:hunter2?x@h/d": encoding,
		"mysql://u:1?hunter2=x@h/d": encoding, "postgres://u:1/hunter2?a=x@h/d": encoding, "postgres://u:hunter2%zz@h/d": encoding,
		"postgres://u:hunter2[@h/d": encoding, "postgres://u:hunter2]@h/d": encoding, "mysql://u:hunter2 x@h/d": encoding, "postgres://u:hunter2@h/d/e": encoding,
		"postgres://u:p@[hunter2]/d": "IPv6", "postgres://u:hunter2/d": "port", "postgres://h:70000/d": "port", "mysql://u:p@h:0/d": "port",
		"postgres://u:hunter2@h": noDatabase, "postgres://u:hunter2@h/": noDatabase, "mysql://u:hunter2@h": noDatabase, "mysql://u:hunter2@h/?ssl=true": noDatabase,
		"postgres://h/d?ssl_foo=hunter2": `option "ssl_foo", which isn't known; known are application_name`, "mysql://h/d?ssl_foo=hunter2": `option "ssl_foo", which isn't known; known are`,
		"sqlite:///x.db?timeout=hunter2":    `option "timeout", which isn't known; known are cache, check_same_thread, mode`,
		"postgres://h/d?connection_limit=3": "set DATABASE_MAX_CONNECTIONS", "postgres://h/d?sslmode=hunter2": "option sslmode, which must be disable",
		"postgres://h/d?sslmode=require&ssl=true": "more than once", "postgres://h/d?sslmode=require&ssl-mode=require": "more than once",
		"postgres://h/d?hunter2": "without a value", "postgres://h/d?connect_timeout=hunter2": "option connect_timeout", "postgres://h/d?target_session_attrs=hunter2": "option target_session_attrs",
		"postgres://h/d?sslrootcert=/hunter2": "option sslrootcert, which must name a file that can be read", "postgres://h/d?channel_binding=hunter2": "option channel_binding",
		"postgres://h/d?service=hunter2": "service", "postgres://h/d?max_protocol_version=hunter2": "isn't allowed", "postgres://h1,h2,h3/d?port=1,2": "number of ports",
		"mysql://h/d?ssl-mode=hunter2": "option ssl-mode", "mysql://h/d?ssl_ca=/hunter2": "option ssl_ca, which must name a file that can be read",
		"mysql://h/d?ssl_cert=/hunter2&ssl=true": "ssl_cert and ssl_key", "mysql://h/d?ssl_cert=/hunter2&ssl_key=/hunter2": "ssl_cert and ssl_key",
		"mysql://h/d?autocommit=false": "option autocommit, which must be true", "mysql://h/d?charset=latin1": "option charset, which must be utf8mb4",
		"mysql://h/d?wsrep_sync_wait=1%3Bhunter2": "must be a number", "mysql://h/d?unix_socket=hunter2": "absolute path", "mysql://h1,h2/d": "several hosts",
		"mysql://h/d?connect_timeout=hunter2": "number of seconds", "mysql://h/d?collation=latin1_bin": "utf8mb4", "mysql://h/d?multiStatements=true": "isn't known",
		"postgres://u:12?hunter2=x": "an option after the question mark, which isn't known", "mysql://u:12?hunter2=x": "an option after", "postgres://u:12/3?hunter2=x": "an option after",
		"postgres://h/d?password=ab&hunter2=cd": "an option after", "mysql://h/d?hunter2=cd&password=ab": "an option after", "postgres://h/d?password=ab&hunter2=cd&hunter2=e": "an option after",
		"sqlite:///%3Amemory%3A": memory, "sqlite:///:MEMORY:": memory, "sqlite://%3amemory%3a": memory, "sqlite:///FILE:x.db": "file:", "sqlite:////file:x.db": "file:", "sqlite:///file%3Ax.db": "file:",
		"sqlite:///$HOME/z.db": "variable", "sqlite:///${HOME}/z.db": "variable", "sqlite:////srv/$DATA": "variable", "sqlite:///%25USERPROFILE%25/z.db": "variable", "sqlite:///%7E/x.db": "~",
		"sqlite://": memory, "sqlite:///": memory, "sqlite://:memory:": memory, "sqlite:///:memory:": memory, "sqlite:///file::memory:?cache=shared": memory,
		"sqlite:///x.db?mode=memory": memory, "sqlite:///x.db?mode=ro": "mode", "sqlite:///x.db?cache=shared": "cache", "sqlite:///file:x.db?mode=ro": "file:",
		"sqlite:///~/x.db": "~", "sqlite:///100%.db": "%25", "sqlite://x.db": "sqlite:///file", "sqlite:///data/": "folder", "sqlite:///x%00.db": "NUL",
	} {
		_, err := dburl.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v; want %q and no quotation", text, err, want)
		}
	}
}

func TestFaultsElsewhereAreNotBlamedOnTheURL(t *testing.T) {
	home := withoutVariables(t)
	noCertificate := filepath.Join(home, "hunter2.pem")
	if err := os.WriteFile(noCertificate, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"PGSSLMODE": "hunter2", "PGSSLROOTCERT": "/hunter2", "PGSSLCERT": noCertificate, "PGSSLKEY": "/hunter2", "PGPORT": "hunter2", "PGCONNECT_TIMEOUT": "hunter2",
		"PGTARGETSESSIONATTRS": "hunter2", "PGPASSFILE": "/hunter2", "PGSERVICE": "hunter2", "PGSERVICEFILE": "/hunter2", "PGCHANNELBINDING": "hunter2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			_, err := dburl.Parse("postgres://u:p@h/d")
			elsewhere, ok := errors.AsType[*dburl.Elsewhere](err)
			if !ok || elsewhere.Name != name || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error is %v, want one about %s that doesn't quote its value", err, name)
			}
		})
	}
	t.Run("~/.postgresql/root.crt", func(t *testing.T) {
		if err := os.Mkdir(filepath.Join(home, ".postgresql"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(noCertificate, filepath.Join(home, ".postgresql", "root.crt")); err != nil {
			t.Fatal(err)
		}
		_, err := dburl.Parse("postgres://u:p@h/d")
		if elsewhere, ok := errors.AsType[*dburl.Elsewhere](err); !ok || elsewhere.Name != "~/.postgresql/root.crt" {
			t.Errorf("error is %v, want one about the file", err)
		}
		for _, unaffected := range []string{
			"postgres://u:p@h/d?sslmode=disable", "postgres://u:p@h/d?sslmode=no-verify", "postgres://u:p@h/d?sslrootcert=system", "postgres:///d?host=/run", "mysql://u@h/d",
		} {
			parse(t, unaffected)
		}
	})
}

func TestIsLocal(t *testing.T) {
	withoutVariables(t)
	for text, want := range map[string]bool{
		"postgres://u@localhost/d": true, "postgres://u@127.0.0.1,[::1]/d": true, "postgres://u@/d?host=/run": true, "postgres://u@%2Frun/d": true,
		"mysql://u@h/d?unix_socket=/run/x": true, "mysql://u@localhost/d": true, "sqlite:///x.db": true,
		"postgres://u@db/d": false, "postgres://u@localhost,db/d": false, "postgres://u@localhost/d?host=db": false, "mysql://u@10.0.0.1/d": false,
	} {
		if got := parse(t, text).IsLocal(); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

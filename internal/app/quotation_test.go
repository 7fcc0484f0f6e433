package app_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// marker is put into one part of a URL after another. It must never be printed.
const marker = "hunter2secret"

// damages are ways to damage a URL, most of them by a password that isn't percent-encoded. %s is
// the scheme with ://.
var damages = []string{
	"%su:" + marker + "@127.0.0.1:1/d", "%s" + marker + ":p@127.0.0.1:1/d", "%su:p@" + marker + ".invalid/d", "%su:p@127.0.0.1:1/" + marker, "%su:p@127.0.0.1:" + marker + "/d",
	"%su:x@" + marker + "@127.0.0.1:1/d", "%su:" + marker + "@x@127.0.0.1:1/d", "%su:" + marker + ":x@127.0.0.1:1/d", "%su:x:" + marker + "@127.0.0.1:1/d",
	"%su:" + marker + "/x@127.0.0.1:1/d", "%su:x/" + marker + "@127.0.0.1:1/d", "%su:1/" + marker + "@127.0.0.1:1/d", "%su:" + marker + "#x@127.0.0.1:1/d", "%su:x#" + marker + "@127.0.0.1:1/d",
	"%su:1#" + marker + "@127.0.0.1:1/d", "%su:" + marker + "?x@127.0.0.1:1/d", "%su:x?" + marker + "@127.0.0.1:1/d", "%su:1?" + marker + "=1@127.0.0.1:1/d",
	"%su:" + marker + "%%zz@127.0.0.1:1/d", "%su:%%zz" + marker + "@127.0.0.1:1/d", "%su:[" + marker + "]@127.0.0.1:1/d", "%su:" + marker + " x@127.0.0.1:1/d", "%su:" + marker + "\x7f@127.0.0.1:1/d",
	"%su:p@[" + marker + "]:1/d", "%su:p@[::1" + marker + "/d", "%su:" + marker, "%s" + marker, "%s/" + marker + "/", "%s" + marker + ":p@", "%su:p@127.0.0.1:1/d/" + marker,
	"%su:p@127.0.0.1:1/d?sslmode=" + marker, "%su:p@127.0.0.1:1/d?ssl_ca=/" + marker, "%su:p@127.0.0.1:1/d?sslrootcert=/" + marker, "%su:p@127.0.0.1:1/d?connect_timeout=" + marker,
	"%su:p@127.0.0.1:1/d?host=" + marker + ".invalid", "%su:p@127.0.0.1:1/d?unix_socket=/" + marker, "%su:p@/d?host=/" + marker, "%su:p@127.0.0.1:1/d?x=" + marker,
	"%su:p@127.0.0.1:1/d?" + marker, "%su:p@127.0.0.1:1/d?password=" + marker, "%su:p@127.0.0.1:1,127.0.0.1:2/d?application_name=" + marker, "%su:p@127.0.0.1:1/d#" + marker,
	"%s//" + marker, "%s" + marker + "://u:p@h/d", "u:" + marker + "@h/d", marker, "://" + marker, "%s/dev/null/" + marker, "%s//dev/null/" + marker + ".db", "%s/" + marker + "/../../../dev/null/x",
}

// settingsWithURLs are the settings that may contain a URL, on purpose or by mistake, with the
// schemes of such URLs.
var settingsWithURLs = map[string][]string{
	"DATABASE_URL":            {"postgres://", "mysql://", "sqlite://", "postgresql+asyncpg://", "mysql+pymysql://", "oracle://", "postgres:/"},
	"MIGRATIONS_DATABASE_URL": {"postgres://", "mysql://", "sqlite://"}, "SQLALCHEMY_DATABASE_URL": {"postgres://"}, "DATABASE_URL_FILE": {"postgres://"},
	"REDIS_URL": {"redis://", "rediss://", "redis+sentinel://", "redis+cluster://", "unix://", "http://"}, "REDIS_URL_FILE": {"redis://"}, "REDIS_HOST": {"", "redis://"}, "REDIS_PORT": {"redis://"},
	"SENTRY_DSN": {"https://"}, "OTEL_EXPORTER_OTLP_ENDPOINT": {"http://", "grpc://"}, "PASSWORD_RESET_URL": {"https://"}, "ALLOWED_ORIGINS": {"https://"},
	"TRUSTED_PROXIES": {"http://", ""}, "HTTP_ADDR": {"http://"}, "METRICS_ADDR": {"http://"}, "LOG_LEVEL": {"http://"}, "SIGNING_KEY_FILE": {"postgres://"}, "FIRST_SUPERUSER_EMAIL": {"http://"},
}

// commands read the settings and try to connect.
var commands = []string{"doctor --json", "migrate up"}

func TestURLsAreNotPrinted(t *testing.T) {
	t.Chdir(t.TempDir()) // SQLite creates databases there
	for name, schemes := range settingsWithURLs {
		for _, scheme := range schemes {
			for _, damage := range damages {
				value := damage
				if strings.Contains(damage, "%s") {
					value = fmt.Sprintf(damage, scheme)
				}
				if strings.Contains(value, "://") || strings.HasSuffix(name, "_URL") {
					wantNoMarker(t, name+"="+value)
				}
			}
		}
	}
}

func wantNoMarker(t *testing.T, entry string) {
	t.Helper()
	env := []string{"SECRET_KEY=" + secretKey, "ENVIRONMENT=development", "OTEL_EXPORTER_OTLP_HEADERS=a=b", entry}
	if value, found := strings.CutPrefix(entry, "MIGRATIONS_DATABASE_URL="); found {
		scheme, _, _ := strings.Cut(value, "://")
		env = append(env, "DATABASE_URL="+scheme+"://u:p@127.0.0.1:1/d")
	}
	for _, command := range commands {
		_, stdout, stderr := run(t, env, strings.Fields(command)...)
		for line := range strings.Lines(stdout + stderr) {
			if strings.Contains(line, marker) {
				t.Errorf("%s with %s prints: %s", command, entry, line)
			}
		}
	}
}

// Servers quote the names of users and databases in their errors.
func TestRefusedURLsAreNotPrinted(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.Postgres, store.MySQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			right := storetest.NewURL(t, engine)
			for _, change := range map[string]func(u *url.URL){
				"user":     func(u *url.URL) { u.User = url.UserPassword(marker, "x") },
				"password": func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), marker) },
				"database": func(u *url.URL) { u.Path = "/" + marker },
				"option": func(u *url.URL) {
					u.RawQuery = "search_path=" + marker + "&options=-c%20" + marker + "%3D1&collation=utf8mb4_" + marker
				},
			} {
				u, err := url.Parse(right)
				if err != nil {
					t.Fatal(err)
				}
				change(u)
				wantNoMarker(t, "DATABASE_URL="+u.String())
			}
		})
	}
}

func TestArgumentsThatMayBePasswordsAreNotPrinted(t *testing.T) {
	t.Chdir(t.TempDir())
	const databaseURL = "postgres://u:" + marker + "@h/d"
	for _, command := range []string{
		databaseURL, "doctor " + databaseURL, "serve " + databaseURL, "migrate " + databaseURL, "migrate up " + databaseURL, "migrate stamp " + databaseURL,
		"migrate create " + databaseURL, "verify isolation " + databaseURL, "verify " + databaseURL, "backup " + databaseURL, "restore " + databaseURL, "backup a " + databaseURL,
		"superuser create --email a@example.com " + marker, "superuser create --password-stdin=" + marker, "superuser create --email a@example.com --password-file " + marker,
		"verify isolation --email a@example.com --url http://127.0.0.1:1 --password-file " + marker, "superuser create -p" + marker, "superuser create --password=" + marker,
		"superuser create correcthorse", "doctor --" + databaseURL + "?a=b", "migrate stamp " + marker, "superuser create -" + marker[1:],
	} {
		status, stdout, stderr := run(t, []string{"SECRET_KEY=" + secretKey, "ENVIRONMENT=development"}, strings.Fields(command)...)
		if output := stdout + stderr; status == 0 || strings.Contains(output, marker[1:]) || strings.Contains(output, "correcthorse") {
			t.Errorf("%s: status %d, and it prints: %s", command, status, output)
		}
	}
	for _, typo := range []string{"sevre", "migrate ip"} {
		if _, _, stderr := run(t, nil, strings.Fields(typo)...); !strings.Contains(stderr, strconv.Quote(typo[strings.LastIndex(typo, " ")+1:])) {
			t.Errorf("%s: the output lacks the mistyped name: %s", typo, stderr)
		}
	}
}

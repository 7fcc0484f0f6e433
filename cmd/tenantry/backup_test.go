package main_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// requireClients skips a test if the client programs of an engine are missing.
func requireClients(t *testing.T, engine store.Engine) {
	t.Helper()
	for _, program := range map[store.Engine][]string{
		store.Postgres: {"pg_dump", "pg_restore"}, store.MySQL: {"mariadb-dump", "mariadb"},
	}[engine] {
		storetest.RequireProgram(t, program, "tenantry backup")
	}
}

// withPrograms sets the PATH of the installation's commands, so that they find programs of this
// machine.
func (i *installation) withPrograms(folders ...string) *installation {
	return i.with("PATH=" + strings.Join(append(folders, os.Getenv("PATH")), string(filepath.ListSeparator)))
}

// wantNoBackup fails the test if there is a file of this name, or a partial one.
func (i *installation) wantNoBackup(name string) {
	i.t.Helper()
	entries, err := os.ReadDir(i.dir)
	if err != nil {
		i.t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.Contains(entry.Name(), name) || strings.HasSuffix(entry.Name(), ".part") {
			i.t.Errorf("the file %s exists", entry.Name())
		}
	}
}

func TestBackupIsRestored(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		requireClients(t, engine)
		databaseURL := storetest.NewURL(t, engine)
		home := newInstallation(t, "DATABASE_URL="+databaseURL).withPrograms()
		admin := newAdmin(t, engine, databaseURL)
		server := home.serve()
		g := server.login(admin.Email, apitest.Password)
		server.do(http.MethodPost, companiesPath, `{"code":"KEPT","name":"Ünïcode 🧭 'quoted'"}`, bearer(g.Access)).want(t, http.StatusCreated)
		home.run(0, "backup", "monday")
		server.do(http.MethodPost, companiesPath, `{"code":"LATER","name":"Later"}`, bearer(g.Access)).want(t, http.StatusCreated)
		for _, name := range []string{"monday", "monday.json"} {
			if info, err := os.Stat(filepath.Join(home.dir, name)); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
				t.Errorf("%v, %v; want a file that only its owner can read", info, err)
			}
		}
		home.run(1, "backup", "monday").wantError("exists already")
		home.run(1, "restore", "monday").wantError("isn't empty")
		server.kill()

		restored := home.with("DATABASE_URL=" + storetest.NewURL(t, engine))
		restored.run(0, "restore", "monday")
		server = restored.serve()
		if got := server.companies(server.login(admin.Email, apitest.Password).Access); len(got) != 1 || got[0].Code != "KEPT" {
			t.Errorf("the companies are %v, want KEPT", got)
		}
		server.kill()
		restoresOlderSchema(t, engine, restored)
		if engine == store.MySQL {
			refusesPartOfBackup(t, home, "monday")
		}
	})
}

// restoresOlderSchema reverts the newest migration, makes a backup, and restores it into another
// database.
func restoresOlderSchema(t *testing.T, engine store.Engine, home *installation) {
	t.Helper()
	home.run(0, "migrate", "down")
	home.run(0, "backup", "older")
	restored := home.with("DATABASE_URL=" + storetest.NewURL(t, engine))
	if p := restored.run(0, "restore", "older"); !strings.Contains(p.stdout.String(), "tenantry migrate up") {
		t.Errorf("the output lacks the next step:\n%s", p)
	}
	restored.run(0, "migrate", "up")
	restored.run(0, "doctor")
	restored.run(0, "audit", "verify")
}

func TestRestoreRefusesInvalidFiles(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, "DATABASE_URL="+storetest.NewURL(t, store.SQLite))
	home.run(1, "backup", "empty").wantError("the database is empty")
	home.wantNoBackup("empty")
	home.run(0, "migrate", "up")
	home.run(0, "backup", "good")
	content, manifest := readFile(t, home, "good"), readFile(t, home, "good.json")
	home = home.with("DATABASE_URL=" + storetest.NewURL(t, store.SQLite))
	for name, tc := range map[string]struct{ content, manifest, want string }{
		"cut off":        {content[:len(content)/2], manifest, "is not what the backup wrote"},
		"changed":        {strings.Replace(content, "tenants", "tenantz", 1), manifest, "is not what the backup wrote"},
		"another engine": {content, strings.Replace(manifest, "sqlite", "mysql", 1), "this is a backup of mysql"},
		"newer":          {content, regexp.MustCompile(`"schema": \d+`).ReplaceAllString(manifest, `"schema": 9999`), "knows only"},
		"no manifest":    {content, "", "is not the manifest"},
	} {
		writeFile(t, filepath.Join(home.dir, name), tc.content)
		writeFile(t, filepath.Join(home.dir, name+".json"), tc.manifest)
		home.run(1, "restore", name).wantError(tc.want)
	}
	home.run(1, "restore", "missing").wantError("missing.json is missing")
	home.run(0, "restore", "good") // the database is still empty
}

// refusesPartOfBackup restores a truncated backup. MariaDB can't restore in one transaction, so
// some tables exist afterwards; the program must not serve such a database.
func refusesPartOfBackup(t *testing.T, home *installation, backup string) {
	t.Helper()
	content, manifest := readFile(t, home, backup), readFile(t, home, backup+".json")
	part := content[:strings.LastIndex(content, "CREATE TABLE")] // before the last table
	writeFile(t, filepath.Join(home.dir, "part"), part)
	manifest = regexp.MustCompile(`"size": \d+`).ReplaceAllString(manifest, fmt.Sprintf(`"size": %d`, len(part)))
	manifest = regexp.MustCompile(`"sha256": "\w+"`).ReplaceAllString(manifest, fmt.Sprintf(`"sha256": "%x"`, sha256.Sum256([]byte(part))))
	writeFile(t, filepath.Join(home.dir, "part.json"), manifest)

	home = home.with("DATABASE_URL="+storetest.NewURL(t, store.MySQL), "AUTO_MIGRATE=false")
	home.run(1, "restore", "part").wantError("the database is restored, but the server would not start")
	home.run(1, "serve").wantError("tenantry migrate up")
}

// fakeProgram writes a program that prints a version if asked for it. Otherwise it records its
// arguments, prints something and waits forever.
func fakeProgram(t *testing.T, folder, name, version string) {
	t.Helper()
	script := "#!/bin/sh\n[ \"$1\" = --version ] && echo '" + version + "' && exit\n" +
		"printf '%s\\n' \"$@\" > called.args; env > called.env; echo half a dump; : > called; exec sleep 1000\n"
	if err := os.WriteFile(filepath.Join(folder, name), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
}

// awaitFile waits for a file in the installation's folder.
func (p *process) awaitFile(name string) {
	p.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		select {
		case <-tick.C:
			if _, err := os.Stat(filepath.Join(p.home.dir, name)); err == nil {
				return
			}
		case <-p.ended:
			p.t.Fatalf("the process ended without creating %s\n%s", name, p)
		case <-deadline:
			p.t.Fatalf("%s doesn't exist after %s\n%s", name, patience, p)
		}
	}
}

func TestInterruptedBackupLeavesNoFile(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the replacement of pg_dump is a shell script")
	}
	// Programs started under nohup ignore SIGHUP, unless their parent handles it.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangups) })
	fakes := map[store.Engine]struct{ name, version, old string }{
		store.Postgres: {"pg_dump", "pg_dump (PostgreSQL) 99.1", "pg_dump (PostgreSQL) 9.6.24"},
		store.MySQL:    {"mariadb-dump", "mariadb-dump from 99.1.2-MariaDB, client 10.19 for Linux", "mariadb-dump  Ver 10.19 Distrib 10.1.48-MariaDB"},
	}
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		if engine == store.SQLite {
			return // its backup runs no program
		}
		fake, programs := fakes[engine], t.TempDir()
		databaseURL := storetest.NewMigratedURL(t, engine)
		home := newInstallation(t, "DATABASE_URL="+databaseURL).withPrograms(programs)
		fakeProgram(t, programs, fake.name, fake.old)
		home.run(1, "backup", "stopped").wantError("is older than the server")
		home.with("PATH="+t.TempDir()).run(1, "backup", "stopped").wantError(fake.name + " is not installed")

		fakeProgram(t, programs, fake.name, fake.version)
		folder := t.TempDir()
		home = home.with("TMPDIR=" + folder)
		for _, sent := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
			p := home.start("backup", "stopped")
			p.awaitFile("called")
			wantEmptyFolder(t, folder) // checked while it runs, because SIGKILL can't be caught
			p.signal(sent)
			status := p.wait()
			if err := os.Remove(filepath.Join(home.dir, "called")); err != nil {
				t.Fatal(err)
			}
			if status != 1 {
				t.Errorf("%s: exit status %d, want 1", sent, status)
			}
			p.wantError("stopped as asked")
			home.wantNoBackup("stopped")
		}

		password, _ := parseURL(t, databaseURL).User.Password()
		if strings.Contains(readFile(t, home, "called.args"), password) {
			t.Error("the password is an argument, which other users of the machine can see")
		}
		if strings.Contains(readFile(t, home, "called.env"), secretKey) {
			t.Error("the program's environment has the SECRET_KEY")
		}
	})
}

// wantEmptyFolder fails the test unless a folder is empty.
func wantEmptyFolder(t *testing.T, folder string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) > 0 {
		t.Errorf("the folder for temporary files has %v (error %v)", entries, err)
	}
}

func TestBackupOverwritesNothing(t *testing.T) {
	t.Parallel()
	home := newInstallation(t, "DATABASE_URL="+storetest.NewMigratedURL(t, store.SQLite))
	writeFile(t, filepath.Join(home.dir, "kept.json"), "another file")
	home.run(1, "backup", "kept").wantError("kept.json exists already")
	if got := readFile(t, home, "kept.json"); got != "another file" {
		t.Errorf("kept.json was overwritten: %s", got)
	}
	home.run(2, "backup", "").wantError("is empty")
	home.run(0, "backup", strings.Repeat("n", 250))
	home.wantNoBackup("none")

	var started []*process
	for range 4 {
		started = append(started, home.start("backup", "same"))
	}
	made := 0
	for _, p := range started {
		if p.wait() == 0 {
			made++
		} else {
			p.wantError("exists already")
		}
	}
	if made != 1 {
		t.Errorf("%d of 4 backups into the same file were made, want 1", made)
	}
	home.with("DATABASE_URL="+storetest.NewURL(t, store.SQLite)).run(0, "restore", "same")
}

// Names of databases and files that begin like options must not be read as options by pg_restore.
func TestNamesAreNotReadAsOptions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		requireClients(t, engine)
		home := newInstallation(t, "DATABASE_URL="+storetest.NewMigratedURL(t, engine)).withPrograms()
		home.run(0, "backup", "--", "-odd")
		home.with("DATABASE_URL="+storetest.NewURL(t, engine)).run(0, "restore", "--", "-odd")
	})
}

// Two installations in one database have a backup each, and a database may have the schema and the
// extensions before the backup is restored.
func TestBackupHasOneSchema(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		if engine != store.Postgres {
			return // it has no schemas, or one for each database
		}
		requireClients(t, engine)
		in := func(databaseURL, schema string) string {
			u := parseURL(t, databaseURL)
			query := u.Query()
			query.Set("search_path", schema+",public")
			u.RawQuery = query.Encode()
			return u.String()
		}
		shared := storetest.NewURL(t, engine)
		execute(t, shared, "CREATE SCHEMA app", `CREATE SCHEMA "app 2"`)
		home := newInstallation(t).withPrograms()
		for _, schema := range []string{"app", `"app 2"`, "public"} {
			home.with("DATABASE_URL="+in(shared, schema)).run(0, "migrate", "up")
		}
		one := home.with("DATABASE_URL=" + in(shared, "app"))
		one.run(0, "backup", "one")
		home.with("DATABASE_URL="+in(shared, "public")).run(0, "backup", "public")

		for name, prepare := range map[string][]string{
			"empty database": nil, "existing schema": {"CREATE SCHEMA app"},
			"existing extensions": {"CREATE SCHEMA app", "CREATE EXTENSION pg_trgm SCHEMA app", "CREATE EXTENSION btree_gin SCHEMA app"},
		} {
			target := storetest.NewURL(t, engine)
			execute(t, target, prepare...)
			schema := "app"
			home.with("DATABASE_URL="+strings.Replace(in(target, schema), "%2Cpublic", "", 1)).run(0, "restore", "one")
			if got := schemasWithTenants(t, target); got != "app" {
				t.Errorf("%s: tables are in %s, want app", name, got)
			}
		}
		target := storetest.NewURL(t, engine)
		home.with("DATABASE_URL="+target).run(0, "restore", "public")
		if got := schemasWithTenants(t, target); got != "public" {
			t.Errorf("tables are in %s, want public", got)
		}
		elsewhere := storetest.NewURL(t, engine)
		execute(t, elsewhere, "CREATE SCHEMA ext", "CREATE EXTENSION pg_trgm SCHEMA ext")
		refused := home.with("DATABASE_URL=" + elsewhere)
		refused.run(1, "restore", "public").wantError("ALTER EXTENSION pg_trgm SET SCHEMA app")
		execute(t, elsewhere, "CREATE SCHEMA app", "ALTER EXTENSION pg_trgm SET SCHEMA app")
		refused.run(0, "restore", "public")
	})
}

func execute(t *testing.T, databaseURL string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func schemasWithTenants(t *testing.T, databaseURL string) (names string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), "SELECT string_agg(schemaname, ',') FROM pg_tables WHERE tablename = 'tenants'").Scan(&names); err != nil {
		t.Fatal(err)
	}
	return names
}

// backupsByRole makes a backup with the roles of the document and restores it.
func backupsByRole(t *testing.T, home *installation, as func(user, database string) string, execute func(databaseURL, script string) error) {
	t.Helper()
	requireClients(t, store.Postgres)
	home = home.withPrograms()
	home.run(1, "backup", "rows-of-nobody").wantError("permission denied")
	home.with("BACKUP_DATABASE_URL="+as("tenantry_owner", "tenantry")).run(1, "backup", "rows-of-nobody").wantError("row-level security")
	home.wantNoBackup("rows-of-nobody")
	home.with("BACKUP_DATABASE_URL="+as("tenantry_backup", "postgres")).run(1, "backup", "another").wantError("leads to another database")
	home.with("BACKUP_DATABASE_URL="+as("tenantry_backup", "tenantry")).run(0, "backup", "newest")
	home.run(0, "migrate", "down", "--yes")
	home.with("BACKUP_DATABASE_URL="+as("tenantry_backup", "tenantry")).run(0, "backup", "older")
	home.run(0, "migrate", "up")

	for _, statement := range []string{
		"CREATE DATABASE unowned", "CREATE DATABASE newest OWNER tenantry_owner", "CREATE DATABASE older OWNER tenantry_owner",
	} {
		if err := execute(as("postgres", "postgres"), statement); err != nil {
			t.Fatal(err)
		}
	}
	in := func(database string) *installation {
		return home.with("DATABASE_URL="+as("tenantry_app", database), "MIGRATIONS_DATABASE_URL="+as("tenantry_owner", database),
			"BACKUP_DATABASE_URL="+as("postgres", database))
	}
	in("unowned").run(1, "restore", "newest").wantError("ALTER DATABASE unowned OWNER TO tenantry_owner")
	in("newest").run(0, "restore", "newest")
	in("older").run(0, "restore", "older")
	in("older").run(0, "migrate", "up")
	for _, database := range []string{"newest", "older"} {
		if out := in(database).run(0, "doctor").stdout.String(); !strings.Contains(out, "row-level security holds for tenantry_app") {
			t.Errorf("%s: want row-level security to hold:\n%s", database, out)
		}
		in(database).run(0, "audit", "verify")
	}
}

// restoresByHand runs the document's commands for PostgreSQL as a superuser, with a backup of an
// older schema.
func restoresByHand(t *testing.T, home *installation, as func(user, database string) string) {
	t.Helper()
	home.run(0, "migrate", "down", "--yes")
	u := parseURL(t, as("postgres", "postgres"))
	home.shell(block(t, "sh", "pg_dump"), home.access(t, store.Postgres, u)...)
	restored := home.with("DATABASE_URL="+as("tenantry_app", "tenantry_restored"), "MIGRATIONS_DATABASE_URL="+as("tenantry_owner", "tenantry_restored"))
	restored.run(0, "migrate", "up")
	restored.run(0, "doctor")
	home.run(0, "migrate", "up")
}

func asUser(u *url.URL, user, database string) string {
	other := *u
	other.User, other.Path = url.UserPassword(user, "..."), "/"+database
	return other.String()
}

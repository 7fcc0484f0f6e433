package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

func TestMigrateCommands(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		home := newInstallation(t, "DATABASE_URL="+storetest.NewURL(t, engine))
		says := func(home *installation, pattern, command string) []string {
			t.Helper()
			p := home.run(0, strings.Fields("migrate "+command)...)
			match := regexp.MustCompile(`(?s)\A(?:` + pattern + `)\z`).FindStringSubmatch(p.stdout.String())
			if match == nil || p.stderr.String() != "" {
				t.Fatalf("the output of migrate %s lacks %q:\n%s", command, pattern, p)
			}
			return match
		}
		const dateTime = `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`
		newest := says(home, `database 0, needed (\d+)\n`, "version")[1]
		all := strconv.Itoa(strings.Count(says(home, `(missing +\d+ \w+\n)+`, "status")[0], "\n"))
		says(home, `The database is empty already\.\n`, "down")
		says(home, `(applied  \d+ \w+\n){`+all+`}`, "up")
		says(home, `The schema is up to date\.\n`, "up")
		says(home, `database (\d+), needed `+newest+`\n`, "version")
		says(home, `(`+dateTime+`  \d+ \w+\n){`+all+`}`, "status")

		home.inProduction().run(1, "migrate", "down").wantError("this deletes data", "ENVIRONMENT is production", "--yes")
		says(home, `database `+newest+`, needed `+newest+`\n`, "version")
		says(home.inProduction(), `took back  `+newest+` \w+\n`, "down --yes")
		says(home, `(`+dateTime+`  \d+ \w+\n)+missing +`+newest+` \w+\n`, "status")
		says(home, `took back  \d+ \w+\n`, "down")
		says(home, `applied  \d+ \w+\napplied  `+newest+` \w+\n`, "up")
	})
}

func TestTenProcessesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		home := newInstallation(t, "DATABASE_URL="+storetest.NewURL(t, engine))
		var processes []*process
		for range 10 {
			processes = append(processes, home.start("migrate", "up"))
		}
		applied := map[string]int{}
		for _, p := range processes {
			if status := p.wait(); status != 0 {
				t.Errorf("exit status %d, want 0\n%s", status, p)
			}
			for _, match := range regexp.MustCompile(`applied  (\d+)`).FindAllStringSubmatch(p.stdout.String(), -1) {
				applied[match[1]]++
			}
		}
		if len(applied) == 0 {
			t.Error("no process reports an applied migration")
		}
		for version, times := range applied {
			if times != 1 {
				t.Errorf("migration %s was applied %d times", version, times)
			}
		}
	})
}

// A container orchestrator may start several instances at the same time.
func TestThreeServersStartAtOnceOnAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		home := newInstallation(t, "DATABASE_URL="+storetest.NewURL(t, engine))
		ready := regexp.MustCompile(`is ready at`)
		var servers []*process
		for range 3 {
			servers = append(servers, home.start("serve", "--demo=small"))
		}
		for _, p := range servers {
			p.await(&p.stdout, ready)
		}
	})
}

func TestStampRecordsMigrationsWithoutRunningThem(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		databaseURL := storetest.NewURL(t, engine)
		home := newInstallation(t, "DATABASE_URL="+databaseURL)
		home.run(0, "migrate", "up")
		migrations := strings.Fields(home.run(0, "migrate", "status").stdout.String())
		count, newest := len(migrations)/4, migrations[len(migrations)-2] // fields of each line: date, time, number, name
		// Like a dump without goose's table.
		aside(engine, databaseURL).Exec(t, "DROP TABLE goose_db_version")
		home.run(1, "migrate", "stamp", "999").wantError("there is no migration 999")
		home.run(1, "migrate", "stamp", "newest").wantError("VERSION must be the number of a migration")
		home.inProduction().run(1, "migrate", "stamp", "1").wantError("--yes")
		if got := home.run(0, "migrate", "stamp", newest).stdout.String(); strings.Count(got, "noted    ") != count || !strings.Contains(got, "create_tenants") {
			t.Errorf("output of stamp:\n%s", got)
		}
		if got := home.run(0, "migrate", "up").stdout.String(); got != "The schema is up to date.\n" {
			t.Errorf("output of up after the stamp: %s", got)
		}
		if got := home.run(0, "migrate", "stamp", "1").stdout.String(); got != "All of them were noted already.\n" {
			t.Errorf("output of a second stamp: %s", got)
		}
	})
}

func TestMigrateCreateWritesTheNextFile(t *testing.T) {
	t.Parallel()
	home := newInstallation(t)
	home.run(1, "migrate", "create", "add_logo").wantError("no sql/migrations here")
	folder := filepath.Join(home.dir, "sql", "migrations")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "00001_first.sql"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	home.run(1, "migrate", "create", "../Logo").wantError("NAME must be like add_company_logo")
	home.run(0, "migrate", "create", "add_logo")
	if _, err := os.Stat(filepath.Join(folder, "00002_add_logo.sql")); err != nil {
		t.Error(err)
	}
}

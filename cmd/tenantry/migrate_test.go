package main_test

import (
	"regexp"
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
				t.Fatalf("migrate %s doesn't say %q:\n%s", command, pattern, p)
			}
			return match
		}
		const dateTime = `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`
		newest := says(home, `database 0, needed (\d+)\n`, "version")[1]
		says(home, `(missing +\d+ \w+\n){`+newest+`}`, "status")
		says(home, `The database is empty already\.\n`, "down")
		says(home, `(applied  \d+ \w+\n){`+newest+`}`, "up")
		says(home, `The schema is up to date\.\n`, "up")
		says(home, `database (\d+), needed `+newest+`\n`, "version")
		says(home, `(`+dateTime+`  \d+ \w+\n){`+newest+`}`, "status")

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
			t.Error("nobody says that they applied a migration")
		}
		for version, times := range applied {
			if times != 1 {
				t.Errorf("migration %s was applied %d times", version, times)
			}
		}
	})
}

// Instances that start at the same time, as in a container orchestrator.
func TestThreeServersStartAtOnceOnAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		home := newInstallation(t, "DATABASE_URL="+storetest.NewURL(t, engine))
		ready := regexp.MustCompile(`is ready at`)
		var servers []*process
		for range 3 {
			servers = append(servers, home.start("serve", "--demo"))
		}
		for _, p := range servers {
			p.await(&p.stdout, ready)
		}
	})
}

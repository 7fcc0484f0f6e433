package storetest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// TestWithoutServers only runs in the process that the next test starts.
func TestWithoutServers(t *testing.T) {
	t.Parallel()
	if os.Getenv("STORETEST_WITHOUT_SERVERS") == "" {
		return
	}
	storetest.Each(t, func(t *testing.T, engine store.Engine) { storetest.New(t, engine) })
}

func TestEngineWithoutServerIsSkippedLoudlyOrFails(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for ci, outcome := range map[string]string{"": "SKIP", "true": "FAIL"} {
		cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestWithoutServers$", "-test.v")
		cmd.Env = []string{"STORETEST_WITHOUT_SERVERS=1", "CI=" + ci, "TMPDIR=" + t.TempDir()}
		output, err := cmd.CombinedOutput()
		if failed := err != nil; failed != (outcome == "FAIL") {
			t.Errorf("CI=%q: error is %v; want outcome %s", ci, err, outcome)
		}
		for _, want := range []string{
			"POSTGRESQL IS NOT TESTED: set TEST_POSTGRES_URL or run make test",
			"MYSQL IS NOT TESTED: set TEST_MYSQL_URL or run make test",
			"--- " + outcome + ": TestWithoutServers/postgres",
			"--- " + outcome + ": TestWithoutServers/mysql",
			"--- PASS: TestWithoutServers/sqlite",
		} {
			if !strings.Contains(string(output), want) {
				t.Errorf("CI=%q: output has no %q:\n%s", ci, want, output)
			}
		}
	}
}

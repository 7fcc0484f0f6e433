package isolation_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/store/storetest"
)

// TestForgottenConditionsShowNoForeignRow runs the attacks on PostgreSQL with a program whose
// queries have no condition on tenant_id: row-level security alone has to hide foreign rows.
// Without row-level security the attacks have to find foreign rows; otherwise the test would prove
// nothing.
func TestForgottenConditionsShowNoForeignRow(t *testing.T) {
	t.Parallel()
	storetest.Provided(t, "POSTGRESQL", "TEST_POSTGRES_URL")
	const attacked = "../httpapi"
	program := filepath.Join(t.TempDir(), "attacks")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", program, "-overlay", withoutConditions(t), attacked)
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, output)
	}
	attack := func(env ...string) (string, error) {
		run := exec.CommandContext(t.Context(), program, "-test.run", "^TestIsolation$/^postgres$", "-test.v")
		run.Dir, run.Env = attacked, append(os.Environ(), env...)
		output, err := run.CombinedOutput()
		return string(output), err
	}
	if output, err := attack(); err != nil || !strings.Contains(output, "--- PASS: TestIsolation/postgres") {
		t.Errorf("with row-level security: %v\n%s", err, output)
	}
	output, err := attack("TEST_WITHOUT_ROW_LEVEL_SECURITY=true")
	if err == nil || !strings.Contains(output, "--- FAIL: TestIsolation/postgres") || !strings.Contains(output, `has text of the tenant "other"`) {
		t.Errorf("without row-level security: %v, want a failure about rows of another tenant\n%s", err, output)
	}
}

var (
	condition = regexp.MustCompile(`(\w+\.)?tenant_id = (\$\d+)`)
	// query matches a query that sqlc generated, with its name.
	query = regexp.MustCompile("(?s)= `-- name: (\\w+) :\\w+\n(.*?)`")
)

// withoutConditions returns the file for go's -overlay that removes the conditions on tenant_id
// from the generated queries.
func withoutConditions(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs("../../gen/db/postgres")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.sql.go"))
	if err != nil {
		t.Fatal(err)
	}
	dir, replace, changed := t.TempDir(), map[string]string{}, 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range query.FindAllStringSubmatch(string(source), -1) {
			name, text := match[1], match[2]
			// An INSERT has a value instead of a condition.
			if !condition.MatchString(text) && !strings.HasPrefix(text, "INSERT INTO") && strings.Contains(string(source), fmt.Sprintf("type %sParams struct {\n\tTenantID ", name)) {
				t.Errorf("%s has no condition on tenant_id to remove", name)
			}
		}
		bare := condition.ReplaceAll(source, []byte("${2}::uuid IS NOT NULL"))
		if strings.Contains(string(bare), "tenant_id = $") {
			t.Errorf("%s still has a condition on tenant_id", file)
		}
		changed += len(condition.FindAll(source, -1))
		copied := filepath.Join(dir, filepath.Base(file))
		if err := os.WriteFile(copied, bare, 0o600); err != nil {
			t.Fatal(err)
		}
		replace[file] = copied
	}
	if changed < 90 {
		t.Fatalf("removed only %d conditions", changed)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

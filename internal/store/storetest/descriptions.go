package storetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// Resources returns the descriptions of sql/resources, each after those that it refers to. Tests that go through them
// hear of a new resource without a new line.
func Resources(t testing.TB) []resource.Resource {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			break
		}
		if folder == filepath.Dir(folder) {
			t.Fatal("no go.mod above the working directory, so the descriptions of resources aren't found")
		}
	}
	all, err := resource.Load(os.DirFS(folder), "sql/resources")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

package storetest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// Resources reads the resource descriptions in sql/resources. A resource comes after the resources
// that it refers to. Tests that loop over them also test every new resource.
func Resources(t testing.TB) []resource.Resource {
	t.Helper()
	all, err := LoadResources()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// LoadResources does the same as Resources for callers that aren't tests.
func LoadResources() ([]resource.Resource, error) {
	folder, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for ; ; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return resource.Load(os.DirFS(folder), "sql/resources")
		}
		if folder == filepath.Dir(folder) {
			return nil, errors.New("no go.mod in the working directory or above it, so sql/resources can't be found")
		}
	}
}

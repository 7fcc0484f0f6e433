package storetest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// Resources returns the descriptions of sql/resources, each after those that it refers to. Tests
// that go through them hear of a new resource without a new line.
func Resources(t testing.TB) []resource.Resource {
	t.Helper()
	all, err := LoadResources()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// LoadResources is Resources without a test.
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
			return nil, errors.New("no go.mod above the working directory, so the descriptions of resources aren't found")
		}
	}
}

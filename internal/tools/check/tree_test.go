package main

import (
	"slices"
	"testing"
)

func TestPackagesOfFiles(t *testing.T) {
	t.Parallel()
	sample := tree{"./internal/store": nil, "./internal/store/dburl": nil, "./openapi": nil}
	got := sample.changed([]string{
		"internal/store/tx.go", "internal/store/gone.go", "internal/store/testdata/deep/x.txt", "openapi/openapi.yaml", "README.md", "docs/x.md",
	})
	if want := []string{"./internal/store", "./openapi"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestImporters(t *testing.T) {
	t.Parallel()
	sample := tree{
		"./a": nil, "./b": {"./a"}, "./c": {"./b"}, "./d": {"./a", "./b"}, "./internal/scale": {"./a"},
	}
	if got, want := sample.importers([]string{"./a", "./b"}), []string{"./c", "./d"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestTreeOfThisModule checks that imports of tests are included, and that the slow packages exist.
func TestTreeOfThisModule(t *testing.T) {
	t.Chdir("../../..")
	all, err := readTree(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(all.importers([]string{"./internal/store/storetest"}), "./internal/store") {
		t.Error("the tests of internal/store import storetest, but aren't among its importers")
	}
	for _, p := range slow {
		if _, exists := all[p]; !exists {
			t.Errorf("there is no package %s", p)
		}
	}
}

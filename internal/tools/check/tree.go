package main

import (
	"context"
	"path"
	"slices"
	"strings"
)

// tree has the imports of each package of the module, including those of its tests. A package is
// identified by its folder, such as ./internal/app.
type tree map[string][]string

const (
	module = "github.com/tenantry/tenantry/"
	format = `{{.ImportPath}} {{join .Imports " "}} {{join .TestImports " "}} {{join .XTestImports " "}}`
)

// slow are the packages that test the whole program. They are tested only if they have changed
// themselves.
var slow = []string{"./cmd/tenantry", "./internal/clienttest", "./internal/galera", "./internal/scale"}

func readTree(ctx context.Context) (tree, error) {
	listed, err := lines(ctx, "go", "list", "-f", format, "./...")
	if err != nil {
		return nil, err
	}
	t := tree{}
	for _, line := range listed {
		var folders []string
		for p := range strings.FieldsSeq(line) {
			if folder, ours := strings.CutPrefix(p, module); ours {
				folders = append(folders, "./"+folder)
			}
		}
		t[folders[0]] = folders[1:]
	}
	return t, nil
}

// changed returns the packages of files: the nearest package at or above the folder, for example
// for embedded files and testdata.
func (t tree) changed(files []string) []string {
	var packages []string
	for _, file := range files {
		for folder := path.Dir(file); folder != "."; folder = path.Dir(folder) {
			if _, isPackage := t["./"+folder]; isPackage {
				packages = append(packages, "./"+folder)
				break
			}
		}
	}
	slices.Sort(packages)
	return slices.Compact(packages)
}

// importers returns the packages that import one of these directly, except these and slow ones.
func (t tree) importers(of []string) []string {
	var list []string
	for p, imports := range t {
		imports := slices.ContainsFunc(imports, func(i string) bool { return slices.Contains(of, i) })
		if imports && !slices.Contains(of, p) && !slices.Contains(slow, p) {
			list = append(list, p)
		}
	}
	slices.Sort(list)
	return list
}

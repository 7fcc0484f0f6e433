package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/tools/schema"
)

// querier returns the path of a file like sqlc's, whose interface has one method.
func querier(t *testing.T, method string) string {
	t.Helper()
	const file = "package postgres\n\ntype Querier interface {\n\t%s\n}\n"
	return filepath.Join(folder(t, map[string]string{"querier.go": fmt.Sprintf(file, method)}), "querier.go")
}

func TestReadMethods(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]method{
		"Insert(ctx context.Context, arg InsertParams) error":           {Name: "Insert", Params: "InsertParams"},
		"Update(ctx context.Context, arg UpdateParams) (int64, error)":  {Name: "Update", Params: "UpdateParams", Result: "int64"},
		"Count(ctx context.Context) (int64, error)":                     {Name: "Count", Result: "int64"},
		"Get(ctx context.Context, arg GetParams) (Company, error)":      {Name: "Get", Params: "GetParams", Result: "Company", Row: true},
		"List(ctx context.Context, arg ListParams) ([]Company, error)":  {Name: "List", Params: "ListParams", Result: "Company", Row: true, Many: true},
		"IDs(ctx context.Context) ([]uuid.UUID, error)":                 {Name: "IDs", Result: "uuid.UUID", Many: true},
		"// Comments are skipped.\n\tPing(ctx context.Context) error":   {Name: "Ping"},
		"Last(ctx context.Context, arg LastParams) (time.Time, error)":  {Name: "Last", Params: "LastParams", Result: "time.Time"},
		"Names(ctx context.Context, arg NamesParams) ([]string, error)": {Name: "Names", Params: "NamesParams", Result: "string", Many: true},
		"Delete(ctx context.Context, arg DeleteParams) (int64, error)":  {Name: "Delete", Params: "DeleteParams", Result: "int64"},
	} {
		got, err := readMethods(querier(t, source))
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if diff := cmp.Diff([]method{want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", source, diff)
		}
	}
}

func TestReadMethodsRejectsUnsupportedTypes(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"Get(ctx context.Context, id uuid.UUID) (Company, error)":    "Get: parameter isn't a struct",
		"Get(ctx context.Context, name string) (Company, error)":     "Get: parameter isn't a struct",
		"Get(ctx context.Context, ids []uuid.UUID) (Company, error)": "Get: parameter isn't a struct",
		"Get(ctx context.Context, arg *GetParams) (Company, error)":  "Get: parameter isn't a struct",
		"Get(ctx context.Context, arg GetParams) (*Company, error)":  "Get: result of type *ast.StarExpr isn't supported",
		"Get(ctx context.Context) (map[string]string, error)":        "Get: result of type *ast.MapType isn't supported",
	} {
		_, err := readMethods(querier(t, source))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "querier.go") {
			t.Errorf("%s: error is %v; want %q and the name of the file", source, err, want)
		}
	}
}

func TestReadMethodsRejectsAFileWithoutQuerier(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]string{
		"missing file": filepath.Join(t.TempDir(), "querier.go"),
		"no interface": filepath.Join(folder(t, map[string]string{"querier.go": "package postgres\n"}), "querier.go"),
		"no Go":        filepath.Join(folder(t, map[string]string{"querier.go": "SELECT 1;\n"}), "querier.go"),
	} {
		if _, err := readMethods(from); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// The tests of the repository prove that the generated adapters compile and work.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	t.Parallel()
	const root = "../../.."
	out := t.TempDir()
	tables, err := schema.Read(root + "/sql/migrations")
	if err != nil {
		t.Fatal(err)
	}
	s, err := readSources(tables, root+"/sql/queries", root+"/gen/db/queries")
	if err != nil {
		t.Fatal(err)
	}
	if err := deriveQueries(s, out); err != nil {
		t.Fatal(err)
	}
	if err := generate(s, root+"/gen/db", out); err != nil {
		t.Fatal(err)
	}
	made, err := filepath.Glob(filepath.Join(out, "*.go"))
	if err != nil || len(made) != 3 {
		t.Fatalf("made %v, error %v", made, err)
	}
	for _, e := range engines {
		queries, err := filepath.Glob(filepath.Join(out, e.Name, "queries", "*.sql"))
		if err != nil || len(queries) == 0 {
			t.Fatalf("derived queries: %v, error %v", queries, err)
		}
		made = append(made, queries...)
	}
	for _, file := range made {
		name, err := filepath.Rel(out, file)
		if err != nil {
			t.Fatal(err)
		}
		if committed := filepath.Join(root, "gen/db", name); readText(t, file) != readText(t, committed) {
			t.Errorf("%s isn't up to date: run make generate", committed)
		}
	}
	if err := schema.Generate(root+"/sql/migrations", out+"/migrations"); err != nil {
		t.Fatal(err)
	}
	for _, engine := range []string{"postgres", "mysql", "sqlite"} {
		migrations, err := filepath.Glob(filepath.Join(out, "migrations", engine, "*.sql"))
		if err != nil || len(migrations) == 0 {
			t.Fatalf("migrations of %s: %v, error %v", engine, migrations, err)
		}
		committed, err := filepath.Glob(filepath.Join(root, "gen/migrations", engine, "*.sql"))
		if err != nil || len(committed) != len(migrations) {
			t.Errorf("there are %d migrations of %s, want %d: run make generate", len(committed), engine, len(migrations))
		}
		for _, file := range migrations {
			if committed := filepath.Join(root, "gen/migrations", engine, filepath.Base(file)); readText(t, file) != readText(t, committed) {
				t.Errorf("%s isn't up to date: run make generate", committed)
			}
		}
	}
}

func TestUpdatesOfNeedsAVersion(t *testing.T) {
	t.Parallel()
	id, version, name := field{"ID", "uuid.UUID", "id"}, field{"Version", "int64", "version"}, field{"Name", "string", "name"}
	known := structs{fields: map[string][]field{
		"Thing": {id, version, name}, "UpdateThingParams": {name, id, version},
		"Other": {id, version}, "UpdateOtherParams": {name, id, version},
		"Plain": {id, name}, "UpdatePlainParams": {name, id},
	}}
	got := updatesOf([]method{
		{Name: "UpdateThing", Params: "UpdateThingParams"},
		{Name: "UpdateOther", Params: "UpdateOtherParams"},
		{Name: "UpdatePlain", Params: "UpdatePlainParams"},
		{Name: "InsertThing", Params: "UpdateThingParams"},
		{Name: "UpdateAll"},
	}, known)
	if diff := cmp.Diff([]update{{"UpdateThing", "Thing", []field{name, id, version}}}, got); diff != "" {
		t.Error(diff)
	}
}

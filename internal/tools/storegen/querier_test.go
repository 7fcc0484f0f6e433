package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// querier returns the path of a file like sqlc's, whose interface has the one method.
func querier(t *testing.T, method string) string {
	t.Helper()
	const file = "package postgres\n\ntype Querier interface {\n\t%s\n}\n"
	return filepath.Join(folder(t, map[string]string{"querier.go": fmt.Sprintf(file, method)}), "querier.go")
}

func TestReadMethodsKnowsEveryShapeOfQuery(t *testing.T) {
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

func TestReadMethodsRefusesWhatItCantConvert(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"Get(ctx context.Context, id uuid.UUID) (Company, error)":    "Get: parameter is no struct",
		"Get(ctx context.Context, name string) (Company, error)":     "Get: parameter is no struct",
		"Get(ctx context.Context, ids []uuid.UUID) (Company, error)": "Get: parameter is no struct",
		"Get(ctx context.Context, arg *GetParams) (Company, error)":  "Get: parameter is no struct",
		"Get(ctx context.Context, arg GetParams) (*Company, error)":  "Get: result of type *ast.StarExpr isn't supported",
		"Get(ctx context.Context) (map[string]string, error)":        "Get: result of type *ast.MapType isn't supported",
	} {
		_, err := readMethods(querier(t, source))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "querier.go") {
			t.Errorf("%s: error is %v; want %q and the name of the file", source, err, want)
		}
	}
}

func TestGenerateQuerierWritesNothingAfterAnError(t *testing.T) {
	t.Parallel()
	to := filepath.Join(t.TempDir(), "db.gen.go")
	for name, from := range map[string]string{
		"missing file": filepath.Join(t.TempDir(), "querier.go"),
		"no interface": filepath.Join(folder(t, map[string]string{"querier.go": "package postgres\n"}), "querier.go"),
		"no Go":        filepath.Join(folder(t, map[string]string{"querier.go": "SELECT 1;\n"}), "querier.go"),
		"no struct":    querier(t, "Get(ctx context.Context, name string) error"),
	} {
		if err := generateQuerier(from, to); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if files, err := filepath.Glob(to); err != nil || len(files) > 0 {
		t.Errorf("%v was written, error %v", files, err)
	}
}

// That the adapters compile and work is proved by the repository's own, which storegen has made.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	t.Parallel()
	const root = "../../.."
	out := t.TempDir()
	if err := generateQuerier(root+"/gen/db/postgres/querier.go", out+"/db.gen.go"); err != nil {
		t.Fatal(err)
	}
	if err := deriveQueries(root+"/sql/queries", out); err != nil {
		t.Fatal(err)
	}
	same := func(made, committed string) {
		t.Helper()
		if readFile(t, made) != readFile(t, committed) {
			t.Errorf("%s is not what storegen makes: run make generate", committed)
		}
	}
	same(out+"/db.gen.go", root+"/gen/db/db.gen.go")
	for _, engine := range []string{"postgres", "mysql"} {
		files, err := filepath.Glob(filepath.Join(out, engine, "queries", "*.sql"))
		if err != nil || len(files) == 0 {
			t.Fatalf("derived queries: %v, error %v", files, err)
		}
		for _, file := range files {
			same(file, filepath.Join(root, "gen/db", engine, "queries", filepath.Base(file)))
		}
	}
}

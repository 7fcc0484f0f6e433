package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/tools/resource"
	"github.com/tenantry/tenantry/internal/tools/schema"
)

// What is committed is what the generator makes, and nothing else is in its folders.
func TestCommittedFilesAreGenerated(t *testing.T) {
	t.Parallel()
	const root = "../../.."
	made := t.TempDir()
	tables, err := schema.Read(filepath.Join(root, "sql", "migrations"))
	if err != nil {
		t.Fatal(err)
	}
	described, err := resource.Load(os.DirFS(root), "sql/resources")
	if err != nil {
		t.Fatal(err)
	}
	if err := generate(described, tables, made); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"gen/db/queries", "gen/resources", "gen/endpoints"} {
		want, got := texts(t, filepath.Join(made, folder)), texts(t, filepath.Join(root, folder))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s is not what resourcegen makes: run make generate (-made +committed)\n%s", folder, diff)
		}
	}
}

func texts(t *testing.T, folder string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has %d files (%v)", folder, len(files), err)
	}
	all := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = string(text)
	}
	return all
}

// described returns the model of companies, branches and departments, and of others.
func described(t *testing.T, others map[string]string) *model {
	t.Helper()
	root := t.TempDir()
	folder := filepath.Join(root, "sql", "resources")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	own := texts(t, "../../../sql/resources")
	for _, name := range []string{"company.yaml", "branch.yaml", "department.yaml"} {
		others[name] = own[name]
	}
	for name, text := range others {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := resource.Load(os.DirFS(root), "sql/resources")
	if err != nil {
		t.Fatal(err)
	}
	tables := tablesOf(all)
	if err := generate(all, tables, t.TempDir()); err != nil { // its Go is well-formed
		t.Fatal(err)
	}
	return newModel(all, tables)
}

// tablesOf returns tables with the columns that descriptions say.
func tablesOf(all []resource.Resource) schema.Schema {
	tables := schema.Schema{}
	for _, k := range newModel(all, nil).Kinds {
		table := schema.Table{Name: k.Plural}
		for _, c := range k.columns() {
			table.Columns = append(table.Columns, schema.Column{Name: c.Name, NotNull: !c.Null})
		}
		tables[k.Plural] = table
	}
	return tables
}

const (
	project = `{name: project, roles: {read: viewer, write: admin}, fields: {
		company_id: {ref: company, fixed: true}, branch_id: {ref: branch, null: true}, owner_id: {ref: user, null: true},
		code: {type: code, unique: company_id, search: true}, name: {type: name}, budget: {type: 'decimal(14,2)', null: true},
		starts_on: {type: date, null: true, filter: true}, seen_at: {type: time, null: true}, mood: {enum: [good, bad], null: true},
		status: {enum: [planned, done], default: planned, filter: true}, place: {type: address, filter: [country]}}}`
	task = `{name: task, roles: {read: viewer, write: admin}, fields: {
		project_id: {ref: project, fixed: true}, parent_id: {ref: task, null: true}, title: {type: text(100)}}}`
	note = `{name: note, roles: {read: viewer, write: admin}, fields: {author_id: {ref: user, on_delete: cascade}, title: {type: text(100)}}}`
)

// A tenant's rows go before those that they refer to; references in a circle are set to null
// before.
func TestRowsOfATenantGoBeforeWhatTheyReferTo(t *testing.T) {
	t.Parallel()
	m := described(t, map[string]string{"project.yaml": project, "task.yaml": task, "note.yaml": note})
	var tables []string
	for _, s := range m.Steps() {
		tables = append(tables, s.Table)
	}
	removed := tables[2:]
	if !slices.Equal(tables[:2], []string{"tasks", "departments"}) {
		t.Errorf("the first steps are about %v, want the detachment of tasks and departments", tables[:2])
	}
	for _, order := range [][]string{{"tasks", "projects"}, {"projects", "users"}, {"notes", "users"}, {"users", "departments"}, {"departments", "branches"}, {"branches", "companies"}} {
		first, then := slices.Index(removed, order[0]), slices.Index(removed, order[1])
		if first < 0 || then < 0 || first > then {
			t.Errorf("%s go after %s: %v", order[0], order[1], removed)
		}
	}
}

// Rows are counted wherever they are below a row, and rows that a service removes in its own way by
// that service.
func TestEverythingBelowARowIsCounted(t *testing.T) {
	t.Parallel()
	m := described(t, map[string]string{"project.yaml": project, "task.yaml": task, "note.yaml": note})
	for name, want := range map[string][]string{
		"company": {"projects", "tasks"}, "branch": {"projects_detached"}, "department": nil,
		"project": {"tasks"}, "task": {"tasks_detached"}, "note": nil,
	} {
		k := m.byName(name)
		var got []string
		for _, c := range k.Counters() {
			got = append(got, c.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("of a %s there are counted %v, want %v", name, got, want)
		}
	}
}

// Rows that go along do so before others lose a reference, and what refers to others goes before
// these.
func TestDependantsAreInOrder(t *testing.T) {
	t.Parallel()
	m := described(t, map[string]string{"project.yaml": project, "task.yaml": task, "note.yaml": note})
	var got []string
	for _, f := range m.dependants(user) {
		got = append(got, f.Of().Name+" "+string(f.OnDelete))
	}
	if want := []string{"note cascade", "project detach", "department detach"}; !slices.Equal(got, want) {
		t.Errorf("dependants of users are %v, want %v", got, want)
	}
}

func TestMistakesAreToldWithFileAndLine(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	folder := filepath.Join(root, "sql", "resources")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	text := "name: note\nroles: {read: viewer, write: admin}\nfields:\n  colour: {type: paint}\n"
	if err := os.WriteFile(filepath.Join(folder, "note.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(root); err == nil || !strings.Contains(err.Error(), "sql/resources/note.yaml:4:") {
		t.Errorf("error %v, want one that names the file and line 4", err)
	}
}

// A column that was added to a table stands behind all others, wherever its field is.
func TestInsertsHaveTheColumnsInTheOrderOfTheTable(t *testing.T) {
	t.Parallel()
	m := described(t, map[string]string{"note.yaml": note})
	k := m.byName("note")
	columns := k.table.Columns
	author := slices.IndexFunc(columns, func(c schema.Column) bool { return c.Name == "author_id" })
	k.table.Columns = append(slices.Delete(slices.Clone(columns), author, author+1), columns[author])
	if names := k.InsertColumns(); names[len(names)-1] != "author_id" {
		t.Errorf("columns are %v, want author_id last", names)
	}
}

func TestTablesHaveTheColumnsOfTheirDescriptions(t *testing.T) {
	t.Parallel()
	m := described(t, map[string]string{"note.yaml": "name: note\nroles: {read: viewer, write: admin}\nfields:\n  title: {type: text(100)}\n  body: {type: text(500), null: true}\n"})
	k := m.byName("note")
	columns := k.table.Columns
	body := slices.IndexFunc(columns, func(c schema.Column) bool { return c.Name == "body" })
	for want, replacement := range map[string][]schema.Column{
		"note.yaml:1: no field stands for the column colour of the table notes": {columns[body], {Name: "colour"}},
		"note.yaml:5: body may be null: true, and the table notes says":         {{Name: "body", NotNull: true}},
		"note.yaml:5: the table notes has no column body":                       nil,
	} {
		k.table.Columns = slices.Replace(slices.Clone(columns), body, body+1, replacement...)
		if err := k.checkTable(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}

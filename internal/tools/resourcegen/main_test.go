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

// The generated folders contain exactly the files that resourcegen writes.
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
			t.Errorf("%s isn't up to date: run make generate (-generated +committed)\n%s", folder, diff)
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

// described returns the model of companies, branches, departments and the given descriptions.
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
	if err := generate(all, tables, t.TempDir()); err != nil { // fails if the generated Go can't be formatted
		t.Fatal(err)
	}
	return newModel(all, tables)
}

// tablesOf returns tables with the columns that the descriptions need.
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

// Rows are deleted before the rows that they refer to. Circular references are set to null first.
func TestRemovalDeletesRowsBeforeTheirReferences(t *testing.T) {
	t.Parallel()
	m := described(t, map[string]string{"project.yaml": project, "task.yaml": task, "note.yaml": note})
	var tables []string
	for _, s := range m.Steps() {
		tables = append(tables, s.Table)
	}
	removed := tables[2:]
	if !slices.Equal(tables[:2], []string{"tasks", "departments"}) {
		t.Errorf("the first steps change %v, want tasks and departments to be detached", tables[:2])
	}
	for _, order := range [][]string{{"tasks", "projects"}, {"projects", "users"}, {"notes", "users"}, {"users", "departments"}, {"departments", "branches"}, {"branches", "companies"}} {
		first, then := slices.Index(removed, order[0]), slices.Index(removed, order[1])
		if first < 0 || then < 0 || first > then {
			t.Errorf("%s aren't deleted before %s: %v", order[0], order[1], removed)
		}
	}
}

// A counter exists for every kind that loses rows or references directly or indirectly, except rows
// with on_delete: custom.
func TestCountersIncludeIndirectlyDeletedRows(t *testing.T) {
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
			t.Errorf("a %s has the counters %v, want %v", name, got, want)
		}
	}
}

// References with on_delete: cascade come first. Within each group, a kind comes before the kinds
// that it refers to.
func TestDependantsAreOrdered(t *testing.T) {
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

func TestErrorsNameFileAndLine(t *testing.T) {
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
		t.Errorf("error is %v, want the file and line 4", err)
	}
}

// A column that a migration added is the last one of the table, wherever its field is in the
// description.
func TestInsertColumnsHaveTheOrderOfTheTable(t *testing.T) {
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

func TestCheckTableFindsDifferences(t *testing.T) {
	t.Parallel()
	m := described(t, map[string]string{"note.yaml": "name: note\nroles: {read: viewer, write: admin}\nfields:\n  title: {type: text(100)}\n  body: {type: text(500), null: true}\n"})
	k := m.byName("note")
	columns := k.table.Columns
	body := slices.IndexFunc(columns, func(c schema.Column) bool { return c.Name == "body" })
	for want, replacement := range map[string][]schema.Column{
		"note.yaml:1: the column colour of the table notes has no field":                  {columns[body], {Name: "colour"}},
		"note.yaml:5: body has null: true in the description, but not in the table notes": {{Name: "body", NotNull: true}},
		"note.yaml:5: the table notes has no column body":                                 nil,
	} {
		k.table.Columns = slices.Replace(slices.Clone(columns), body, body+1, replacement...)
		if err := k.checkTable(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}

package resource_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// The test repeats the columns, because they must stay those of the migrations.
func TestDescriptionsOfTheRepository(t *testing.T) {
	t.Parallel()
	all, err := resource.Load(os.DirFS("../../.."), "sql/resources")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	var branch resource.Resource
	for _, r := range all {
		names = append(names, r.Name)
		if r.Name == "branch" {
			branch = r
		}
	}
	if position := strings.Join(names, " "); !strings.Contains(position, "company branch department") {
		t.Errorf("the order is %s; want each resource after those that it refers to", position)
	}
	var columns []string
	for _, c := range branch.Columns() {
		columns = append(columns, c.Name)
	}
	want := strings.Fields(`tenant_id id company_id code name name_key email phone address_line1 address_line2 city state
		postal_code country latitude longitude is_headquarters is_active search_text created_at updated_at version`)
	if diff := cmp.Diff(want, columns); diff != "" {
		t.Errorf("columns of branches (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"company_id", "code", "country", "is_headquarters", "is_active"}, branch.Filters()); diff != "" {
		t.Errorf("filters of branches (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]string{{"tenant_id", "company_id", "code"}}, branch.UniqueKeys()); diff != "" {
		t.Errorf("unique keys of branches (-want +got):\n%s", diff)
	}
	if branch.GoName() != "Branch" || branch.Plural != "branches" || branch.Tag != "branches" || branch.Label != "name" {
		t.Errorf("branch has the Go name %s, plural %s, tag %s and label %s", branch.GoName(), branch.Plural, branch.Tag, branch.Label)
	}
}

// If two rows belong to companies for good, a reference between them must stay within one company.
func TestReferencesWithinACompany(t *testing.T) {
	t.Parallel()
	all, err := resource.Load(os.DirFS("../../.."), "sql/resources")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range all {
		for _, f := range r.References() {
			got[r.Name+"."+f.Name] = strings.Join(r.ForeignKey(f), " ")
		}
	}
	for field, want := range map[string]string{
		"branch.company_id":       "tenant_id company_id",
		"department.company_id":   "tenant_id company_id",
		"department.branch_id":    "tenant_id company_id branch_id",
		"department.parent_id":    "tenant_id company_id parent_id",
		"department.head_user_id": "tenant_id head_user_id",
	} {
		if got[field] != want {
			t.Errorf("the foreign key of %s has the columns %s, want %s", field, got[field], want)
		}
	}
}

const head = "name: project\nroles: {read: viewer, write: admin}\nfields:\n  name: {type: name}\n"

func TestParse(t *testing.T) {
	t.Parallel()
	r, err := resource.Parse("project.yaml", []byte(head+`  company_id: {ref: company, fixed: true}
  owner_id: {ref: user, null: true}
  status: {enum: [planned, active], default: planned}
  budget: {type: 'decimal(14,2)', null: true}
  seats: {type: int, default: 3}
`))
	if err != nil {
		t.Fatal(err)
	}
	if parent, ok := r.Parent(); !ok || parent.Name != "company_id" || parent.OnDelete != resource.Cascade {
		t.Errorf("parent is %+v, %v; want company_id with on_delete: cascade", parent, ok)
	}
	if owner, _ := r.Field("owner_id"); owner.OnDelete != resource.Detach || owner.Required() {
		t.Errorf("owner_id is %+v; want on_delete: detach and not required", owner)
	}
	if budget, _ := r.Field("budget"); budget.Type != (resource.Type{Kind: resource.Decimal, Size: 14, Scale: 2}) {
		t.Errorf("the type of budget is %v", budget.Type)
	}
	if seats, _ := r.Field("seats"); seats.Default != int64(3) || seats.Line != 9 {
		t.Errorf("seats has the default %v and line %d", seats.Default, seats.Line)
	}
	if r.Path != "/projects" || r.Package != "project" || r.Tag != "projects" || strings.Join(r.Sort, " ") != "created_at name" {
		t.Errorf("defaults are %s, %s, %s, %v", r.Path, r.Package, r.Tag, r.Sort)
	}
}

func TestParseReturnsTheLineOfAnError(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                      "1: the description is empty",
		"- a":                   "1: a description must be a mapping",
		"name: [":               "line 1",
		"name: project":         "1: roles is missing",
		head + "---\nname: b\n": "one description",
		head + "  owner: {ref: user, null: true}\n":             "5: owner refers to a row, so its name must end in _id",
		head + "  owner_id: {ref: user}\n":                      "5: owner_id must have on_delete",
		head + "  owner_id: {ref: user, on_delete: detach}\n":   "5: owner_id can't be detached",
		head + "  owner_id: {ref: user, on_delete: restrict}\n": `5: unknown on_delete "restrict"`,
		head + "  a: {type: txt}\n":                             `5: unknown type "txt"`,
		head + "  a: {type: text(0)}\n":                         "5: the size of a text must be 1 to",
		head + "  a: {type: 'decimal(4,5)'}\n":                  "5: a decimal must have 1 to 19 digits",
		head + "  a: {type: text(10), enum: [b]}\n":             "5: a must have only one of",
		head + "  a: {null: true}\n":                            "5: a must have a type",
		head + "  a: {type: text(300), filter: true}\n":         "5: a of type text(300) can't have filter",
		head + "  a: {type: int, search: true}\n":               "5: a of type int can't be searched",
		head + "  a: {type: bool, unique: true}\n":              "5: a of type bool can't be unique",
		head + "  a: {type: int, unique: b}\n":                  `5: a can't be unique together with "b"`,
		head + "  a: {type: int, null: true, default: 1}\n":     "5: a has null and a default",
		head + "  a: {type: int, default: x}\n":                 "5: the default of a must be a whole number",
		head + "  a: {enum: [b, c], default: d}\n":              "5: the default of a must be one of b, c",
		head + "  a: {enum: [b, b]}\n":                          `5: enum has "b" twice`,
		head + "  a: {type: int, requierd: true}\n":             `5: unknown key "requierd"`,
		head + "  a: {type: int}\n  a: {type: int}\n":           "6: a is given twice",
		head + "  a: {type: int, null: maybe}\n":                "5: null must be true or false",
		head + "  order: {type: int}\n":                         "5: a field can't be called order: it is a reserved word",
		head + "  a: {type: 'decimal(4,4)'}\n":                  "5: a decimal must have 1 to 19 digits, at least one of them before the point",
		strings.Replace(head, "project", "news", 1):             "1: sqlc forms the singular of newses as newse, not news",
		strings.Replace(head, "project", "type", 1):             `1: name is "type"`,
		head + "package: testdata\n":                            `5: package is "testdata"`,
		strings.Replace(head, "project", "a_name_of_thirty_characters_ab", 1) + "  b_name_of_thirty_characters_cd: {type: int, unique: true}\n": "has 76 characters; the limit is 63",
		head + "  version: {type: int}\n":                  "5: a field can't be called version: it is the name of a standard column",
		head + "  cursor: {type: int}\n":                   "5: a field can't be called cursor",
		head + "  Name: {type: int}\n":                     `5: "Name" can't be the name of a field`,
		head + "  a: {type: address, filter: true}\n":      "5: an address can't be fixed, and search and filter must name its parts",
		head + "  a: {type: address, filter: [planet]}\n":  `5: an address has no part "planet"`,
		head + "  a: {type: int, null: true}\nsort: [a]\n": "6: lists can't be sorted by a, because it may be null",
		head + "sort: [b]\n":                               `5: sort has "b", but there is no field`,
		head + "label: b\n":                                `5: label is "b"`,
		head + "path: projects\n":                          `5: path is "projects"`,
		head + "colour: red\n":                             `5: unknown key "colour" in a description`,
		strings.Replace(head, "viewer", "root", 1):         `2: unknown role "root"`,
		strings.Replace(head, ", write: admin", "", 1):     "2: roles must have read and write",
		strings.Replace(head, "project", "user", 1):        `1: name is "user"`,
		head + "  a: {type: text(9000), search: true}\n  b: {type: text(9000), search: true}\n":           "4: the searched fields have 18000",
		head + "  a: {type: text(255), unique: [b, c]}\n  b: {type: text(255)}\n  c: {type: text(250)}\n": "4: a unique key of b, c, a is too long",
		"name: p\nroles: {read: viewer, write: admin}\nfields:\n  n: {type: int}\n":                       "no field can be the label",
	} {
		_, err := resource.Parse("project.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), "project.yaml") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q\nerror is %v\nwant %s", text, err, want)
		}
	}
}

func TestLoadChecksReferencesBetweenResources(t *testing.T) {
	t.Parallel()
	one := func(name, more string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(strings.Replace(head, "project", name, 1) + more)}
	}
	for want, files := range map[string]fstest.MapFS{
		`r/a.yaml:5: b_id refers to "b", which has no description`: {"r/a.yaml": one("a", "  b_id: {ref: b, null: true}\n")},
		"refer to each other": {
			"r/a.yaml": one("a", "  b_id: {ref: b, null: true}\n"), "r/b.yaml": one("b", "  a_id: {ref: a, null: true}\n"),
		},
		"on_delete must be detach":       {"r/a.yaml": one("a", "  a_id: {ref: a, null: true, on_delete: cascade}\n")},
		"has the same name":              {"r/a.yaml": one("a", ""), "r/b.yaml": one("a", "")},
		"r/a.yaml:1: the description is": {"r/a.yaml": {}},
	} {
		if _, err := resource.Load(files, "r"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v; want %s", err, want)
		}
	}
}

func TestIdentifierFitsEveryEngine(t *testing.T) {
	t.Parallel()
	if got := resource.Identifier("branches", []string{"tenant_id", "company_id", "code"}, "key"); got != "branches_tenant_id_company_id_code_key" {
		t.Errorf("short name is %s", got)
	}
	seen := map[string]bool{}
	for _, column := range []string{"responsible_department_id", "responsible_department_ip"} {
		got := resource.Identifier("maintenance_contract_positions", []string{"tenant_id", column, "created_at"}, "idx")
		if len(got) > 63 || !strings.HasSuffix(got, "_idx") || seen[got] {
			t.Errorf("the long name %s has %d characters, the wrong ending or isn't unique", got, len(got))
		}
		seen[got] = true
	}
}

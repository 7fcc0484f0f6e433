package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestMistakesNameTheirPlace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, before, after, want string }{
		{"no YAML", "entity: project", "entity: [project", `:3: did not find expected ',' or ']'`},
		{"key twice", "read: viewer", "entity: x", `:6: the key "entity" is given more than once`},
		{"unknown key of the file", "components:", "component:", `:27: the key "component" isn't known here`},
		{"unknown key of a resource", "read: viewer", "reads: viewer", `:6: the key "reads" isn't known here`},
		{"unknown key of an operation", "parameters:", "params:", `:12: the key "params" isn't known here`},
		{"unknown key of a property", "x-fixed", "x-fixd", `:33: the key "x-fixd" isn't known here`},
		{"resource without an entity", "entity: project", "plural: projects", `:4: a resource needs an entity`},
		{"resource without a path", "  path: /projects\n", "", `:4: a resource with operations needs path, read and write`},
		{"unknown role of a resource", "viewer", "veiwer", `:6: "veiwer" is none of anon, any,`},
		{"unknown role of an operation", "superuser", "root", `:23: "root" is none of anon, any,`},
		{"unknown operation of a resource", "[list, create, update]", "[list, creat, update]", `:8: "creat" is none of the operations list,`},
		{"no role", "      x-required-role: superuser\n", "", `:21: the operation has no x-required-role`},
		{"unknown class of limits", "x-audit-action: project.close", "x-rate-limit: often", `:24: "often" is none of none, default,`},
		{"unknown kind of work", "x-audit-action: project.close", "x-work: hard", `:24: "hard" is none of none, light, heavy`},
		{"path without an entity", "/projects/close:", "/projects/{name}:", `:20: the path has no x-entity`},
		{"id without an entity", "$ref: '#/components/parameters/CompanyID'", "{name: x, in: query, schema: {type: string, format: uuid}}", `:13: an id in a request needs x-entity`},
		{"field with an id without an entity", "type: string, format: date-time", "type: string, format: uuid", `:37: an id in a request needs x-entity`},
		{"no audit action", "      x-audit-action: project.close\n", "", `:21: the operation has no x-audit-action: only GET needs none`},
		{"no operationId", "      operationId: closeProjects\n", "", `:21: the operation has no operationId`},
		{"operationId twice", "closeProjects", "getOther", `:22: the operationId getOther stands in openapi/tags/others.yaml:2 already`},
		{"path twice", "/projects/close:", "/others:", `:20: path /others stands in openapi/tags/others.yaml:2 already`},
		{"schema twice", "Budget:", "Other:", `:46: schemas Other stands in openapi/tags/others.yaml:3 already`},
		{"reference to nothing", "parameters/CompanyID", "parameters/CompanyId", `:13: there is no #/components/parameters/CompanyId`},
		{"schema that is nowhere", "$ref: '#/components/schemas/Budget'", "$ref: '#/components/schemas/Budgt'", `:39: there is no #/components/schemas/Budgt`},
		{"unknown template", "x-like: phone", "x-like: fone", `:36: openapi/shared.yaml has no template "fone"`},
		{"example twice", "components:\n", "examples: {project: {}}\ncomponents:\n", `:4: example project stands in openapi/tags/projects.yaml:27 already`},
		{"unknown example", "#/examples/project", "#/examples/projct", `:14: #/examples/projct is missing`},
		{"unknown format", "format: date-time", "format: datetime", `:37: nothing checks the format datetime of string`},
		{"no Go type", "type: string, format: date-time", "type: array, items: {type: string}", `:37: there is no Go type for starts_at, which is array`},
		{"no example of a property", "x-like: name, example: Ship", "x-like: name", `:35: the property name needs an example`},
		{"example of a reply that isn't there", "'201': {id", "'200': {id", `:18: the operation has no reply 200 in JSON`},
		{"example of a request that isn't there", "      responses:\n", "      x-examples: {request: {}}\n      responses:\n", `:25: the operation takes no JSON`},
		{"unknown error code", "code: not_found", "code: not_fund", `:53: internal/errs has no code "not_fund"`},
		{"implied key", "x-audit-action: project.close", "x-rate-limit: default", `:24: x-rate-limit follows from the rest: leave it out`},
		{"implied reply", "'403'", "'401': {$ref: '#/components/responses/Unauthenticated'}, '403'", `:26: the reply 401 follows from the rest: leave it out`},
		{"implied parameter", "parameters/CompanyID", "parameters/Limit", `:13: the parameter limit follows from the rest: leave it out`},
		{"opting out of what isn't implied", "x-audit-action: project.close", "x-without: ['404']", `:24: 404 of x-without isn't implied here`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root := fewSources(t)
			replace(t, filepath.Join(root, "openapi/tags/projects.yaml"), test.before, test.after)
			_, err := bundle(root)
			if err == nil || !strings.Contains("\n"+err.Error(), "\nopenapi/tags/projects.yaml"+test.want) {
				t.Errorf("says\n%v\nwant openapi/tags/projects.yaml%s", err, test.want)
			}
		})
	}
}

func TestEachTagHasItsFile(t *testing.T) {
	t.Parallel()
	root := fewSources(t)
	document := filepath.Join(root, "openapi/document.yaml")
	for _, test := range []struct{ before, after, want string }{
		{"others, projects", "others, projects, more", `openapi/document.yaml:3: the tag "more" has no file openapi/tags/more.yaml`},
		{"others, projects, more", "projects", "openapi/tags/others.yaml:1: tags in openapi/document.yaml doesn't list this file"},
	} {
		replace(t, document, test.before, test.after)
		if _, err := bundle(root); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("says %v, want %s", err, test.want)
		}
	}
}

func TestFewSourcesHaveNoMistake(t *testing.T) {
	t.Parallel()
	if _, err := bundle(fewSources(t)); err != nil {
		t.Error(err)
	}
}

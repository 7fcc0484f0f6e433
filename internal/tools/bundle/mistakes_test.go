package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestErrorsNameFileAndLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, before, after, want string }{
		{"no YAML", "entity: project", "entity: [project", `:3: did not find expected ',' or ']'`},
		{"key twice", "read: viewer", "entity: x", `:6: the key "entity" is given more than once`},
		{"unknown key of the file", "components:", "component:", `:27: unknown key "component"`},
		{"unknown key of a resource", "read: viewer", "reads: viewer", `:6: unknown key "reads"`},
		{"unknown key of an operation", "parameters:", "params:", `:12: unknown key "params"`},
		{"unknown key of a property", "x-fixed", "x-fixd", `:33: unknown key "x-fixd"`},
		{"resource without an entity", "entity: project", "plural: projects", `:4: a resource must have an entity`},
		{"resource without a path", "  path: /projects\n", "", `:4: a resource with operations must have path, read and write`},
		{"unknown role of a resource", "viewer", "veiwer", `:6: "veiwer" isn't one of anon, any,`},
		{"unknown role of an operation", "superuser", "root", `:23: "root" isn't one of anon, any,`},
		{"unknown operation of a resource", "[list, create, update]", "[list, creat, update]", `:8: "creat" isn't an operation: use list,`},
		{"no role", "      x-required-role: superuser\n", "", `:21: the operation has no x-required-role`},
		{"unknown class of limits", "x-audit-action: project.close", "x-rate-limit: often", `:24: "often" isn't one of none, default,`},
		{"unknown kind of work", "x-audit-action: project.close", "x-work: hard", `:24: "hard" isn't one of none, light, heavy`},
		{"path without an entity", "/projects/close:", "/projects/{name}:", `:20: the path has no x-entity`},
		{"id without an entity", "$ref: '#/components/parameters/CompanyID'", "{name: x, in: query, schema: {type: string, format: uuid}}", `:13: an id in a request must have x-entity`},
		{"field with an id without an entity", "type: string, format: date-time", "type: string, format: uuid", `:37: an id in a request must have x-entity`},
		{"no audit action", "      x-audit-action: project.close\n", "", `:21: the operation has no x-audit-action: only GET has a default`},
		{"no operationId", "      operationId: closeProjects\n", "", `:21: the operation has no operationId`},
		{"operationId twice", "closeProjects", "getOther", `:22: the operationId getOther is already defined in openapi/tags/others.yaml:2`},
		{"path twice", "/projects/close:", "/others:", `:20: path /others is already defined in openapi/tags/others.yaml:2`},
		{"schema twice", "Budget:", "Other:", `:46: schemas Other is already defined in openapi/tags/others.yaml:3`},
		{"reference to nothing", "parameters/CompanyID", "parameters/CompanyId", `:13: #/components/parameters/CompanyId doesn't exist`},
		{"schema that is nowhere", "$ref: '#/components/schemas/Budget'", "$ref: '#/components/schemas/Budgt'", `:39: #/components/schemas/Budgt doesn't exist`},
		{"unknown template", "x-like: phone", "x-like: fone", `:36: openapi/shared.yaml has no template "fone"`},
		{"example twice", "components:\n", "examples: {project: {}}\ncomponents:\n", `:4: example project is already defined in openapi/tags/projects.yaml:27`},
		{"unknown example", "#/examples/project", "#/examples/projct", `:14: #/examples/projct is missing`},
		{"unknown format", "format: date-time", "format: datetime", `:37: unknown format datetime of type string`},
		{"no Go type", "type: string, format: date-time", "type: array, items: {type: string}", `:37: the nullable field starts_at has no Go type for array`},
		{"no example of a property", "x-like: name, example: Ship", "x-like: name", `:35: the property name must have an example`},
		{"example of a reply that isn't there", "'201': {id", "'200': {id", `:18: the operation has no reply 200 in JSON`},
		{"example of a request that isn't there", "      responses:\n", "      x-examples: {request: {}}\n      responses:\n", `:25: the operation has no request in JSON`},
		{"unknown error code", "code: not_found", "code: not_fund", `:53: internal/errs has no code "not_fund"`},
		{"implied key", "x-audit-action: project.close", "x-rate-limit: default", `:24: x-rate-limit is implied: leave it out`},
		{"implied reply", "'403'", "'401': {$ref: '#/components/responses/Unauthenticated'}, '403'", `:26: the reply 401 is implied: leave it out`},
		{"implied parameter", "parameters/CompanyID", "parameters/Limit", `:13: the parameter limit is implied: leave it out`},
		{"opting out of what isn't implied", "x-audit-action: project.close", "x-without: ['404']", `:24: x-without has 404, which isn't implied here`},
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

func TestEveryTagHasOneFile(t *testing.T) {
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

func TestSourcesOfTheTestsAreValid(t *testing.T) {
	t.Parallel()
	if _, err := bundle(fewSources(t)); err != nil {
		t.Error(err)
	}
}

package main

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const notes = `
tag: {name: Notes, description: Notes.}
paths:
  /notes:
    get:
      operationId: listNotes
      x-required-role: viewer
      responses:
        '200': {description: A page., content: {application/json: {schema: {$ref: '#/components/schemas/NotePage'}}}}
    post:
      operationId: createNote
      x-required-role: admin
      x-audit-action: note.create
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}}
      responses:
        '201': {description: The note., content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}}
  /notes/{id}:
    x-entity: note
    get:
      operationId: getNote
      x-required-role: viewer
      responses:
        '200': {description: The note., content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}}
    delete:
      operationId: deleteNote
      x-required-role: admin
      x-audit-action: note.delete
      responses:
        '202': {description: There is more to do.}
        '204': {description: Gone.}
  /notes/{id}/log:
    x-entity: note
    parameters:
      - {$ref: '#/components/parameters/DryRun'}
    delete:
      operationId: deleteNoteLog
      x-required-role: user
      x-audit-action: note.log_delete
      x-rate-limit: password
      x-without: [tenant_id, '500']
      responses:
        '204': {description: Gone.}
        '404': {$ref: '#/components/responses/NoSuchErrorCode'}
  /notes/count:
    get:
      operationId: countNotes
      x-required-role: anon
      x-rate-limit: none
      responses:
        '200': {description: The number., content: {text/plain: {schema: {type: string}}}}
  /notes/own:
    get:
      operationId: listOwnNotes
      x-required-role: any
      parameters:
        - {$ref: '#/components/parameters/Sort'}
        - {$ref: '#/components/parameters/SessionLimit'}
      responses:
        '200': {description: A page., content: {application/json: {schema: {$ref: '#/components/schemas/NotePage'}}}}
components:
  schemas:
    Note: {type: object, properties: {version: {type: integer, format: int64}}}
    NotePage:
      type: object
      properties: {next_cursor: {type: string}, total: {type: integer, format: int64}}
`

func TestRulesCompleteOperations(t *testing.T) {
	t.Parallel()
	root := fewSources(t)
	put(t, filepath.Join(root, "openapi/tags/notes.yaml"), notes)
	replace(t, filepath.Join(root, "openapi/document.yaml"), "projects]", "projects, notes]")
	doc := parsed(t, root)
	for _, test := range []struct{ path, method, want string }{
		{"/notes", "get", "none default TenantID Limit Cursor Count | 200 Link, 401 403 404 406 422 429 TooManyRequests, 500 503"},
		{"/notes", "post", "note.create default TenantID | 201 ETag Location, 400 401 403 404 406 409 413 415 422 429 TooManyRequests, 500 503"},
		{"/notes/{id}", "get", "none default ID TenantID IfMatch IfNoneMatch | 200 ETag, 304 ETag, 401 403 404 406 412 422 429 TooManyRequests, 500 503"},
		{
			"/notes/{id}", "delete",
			"note.delete default ID TenantID IfMatch IfNoneMatch | 202 Retry-After, 204 401 403 404 412 422 429 TooManyRequests, 500 503",
		},
		{"/notes/{id}/log", "delete", "note.log_delete password ID DryRun | 204 401 403 404 NoSuchErrorCode, 422 429 TooManyAttempts, 503"},
		{"/notes/count", "get", "none none open | 200 406 422"},
		{"/notes/own", "get", "none default SessionLimit Cursor Count Sort | 200 Link, 401 403 406 422 429 TooManyRequests, 500 503"},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			t.Parallel()
			item := at(doc, "paths", test.path)
			if got := summary(item, get(item, test.method)); got != test.want {
				t.Errorf("has\n%s\nwant\n%s", got, test.want)
			}
			if got := asText(t, at(item, test.method, "tags")); got != "[Notes]" {
				t.Errorf("has the tags %s", got)
			}
		})
	}
}

// summary returns the action, rate-limit class, parameters and replies of an operation as text. It
// names the response of 429, a response NoSuchErrorCode, and headers.
func summary(item, op *yaml.Node) string {
	out := []string{value(op, "x-audit-action"), value(op, "x-rate-limit")}
	if security := get(op, "security"); security != nil && len(security.Content) == 0 {
		out = append(out, "open")
	}
	for _, p := range slices.Concat(items(get(item, "parameters")), items(get(op, "parameters"))) {
		out = append(out, path.Base(value(p, "$ref")))
	}
	out = append(out, "|")
	for status, reply := range entries(get(op, "responses")) {
		special := []string{status.Value}
		if name := path.Base(value(reply, "$ref")); status.Value == "429" || name == "NoSuchErrorCode" {
			special = append(special, name)
		}
		for header := range entries(get(reply, "headers")) {
			special = append(special, header.Value)
		}
		one := strings.Join(special, " ")
		if len(special) > 1 {
			one += ","
		}
		out = append(out, one)
	}
	return strings.TrimSuffix(strings.Join(out, " "), ",")
}

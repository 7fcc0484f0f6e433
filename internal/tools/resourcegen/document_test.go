package main

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

const (
	noteDescription = "name: note\nroles: {read: viewer, write: admin}\nfields:\n  author_id: {ref: user, fixed: true, filter: true}\n  title: {type: text(100), search: true}\n"
	noteDocument    = `
paths:
  /api/v1/notes:
    get: {x-required-role: viewer, parameters: [{$ref: '#/components/parameters/Search'}, {name: author_id, in: query}, {name: sort}]}
    post: {x-required-role: admin}
  /api/v1/notes/{id}:
    parameters: [{name: id}]
    get: {x-required-role: viewer}
    put: {x-required-role: admin}
    delete: {x-required-role: admin}
components:
  parameters: {Search: {name: q}}
  schemas:
    Note: {properties: {id: {}, tenant_id: {}, author_id: {}, title: {}, created_at: {}, updated_at: {}, version: {}}}
    NoteUpdate: {properties: {title: {}}}
`
)

func TestCheckDocumentFindsDifferences(t *testing.T) {
	t.Parallel()
	check := func(document string) error {
		note, err := resource.Parse("note.yaml", []byte(noteDescription))
		if err != nil {
			return err
		}
		return checkDocument(fstest.MapFS{documentFile: {Data: []byte(document)}}, []resource.Resource{note})
	}
	if err := check(noteDocument); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string][2]string{
		"note.yaml:5: the schema Note of the document has no property title":                          {"author_id: {}, title: {}", "author_id: {}"},
		"note.yaml:1: the schema Note of the document has a property colour":                          {"title: {}, created_at", "title: {}, colour: {}, created_at"},
		"note.yaml:4: author_id has fixed: true in the description, but not in the schema NoteUpdate": {"NoteUpdate: {properties: {title: {}}}", "NoteUpdate: {properties: {title: {}, author_id: {}}}"},
		"note.yaml:5: title has fixed: false in the description, but not in the schema NoteUpdate":    {"NoteUpdate: {properties: {title: {}}}", "NoteUpdate: {properties: {}}"},
		"note.yaml:1: the document requires the role viewer to create":                                {"post: {x-required-role: admin}", "post: {x-required-role: viewer}"},
		"note.yaml:1: the document has no operation to delete notes":                                  {"delete: {x-required-role: admin}", ""},
		"note.yaml:1: notes can be filtered by author_id":                                             {", {name: author_id, in: query}", ""},
		"note.yaml:1: in the document the list of notes has the parameter colour":                     {"{name: sort}", "{name: colour}"},
		"note.yaml:1: the list of notes must have the parameter q":                                    {"{$ref: '#/components/parameters/Search'}, ", ""},
	} {
		if !strings.Contains(noteDocument, change[0]) {
			t.Fatalf("the document has no %q", change[0])
		}
		if err := check(strings.Replace(noteDocument, change[0], change[1], 1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tenantry/tenantry/gen/contract"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/document"
)

func TestContractIsUpToDate(t *testing.T) {
	t.Parallel()
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile("../../../gen/contract/" + name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s isn't up to date (%v): run make generate", name, err)
		}
	}
}

// ignored are the parts of the document that validation doesn't use.
var ignored = cmp.Options{
	cmpopts.IgnoreFields(openapi3.Schema{}, "Title", "Description", "Example", "Examples", "ExternalDocs"),
	cmpopts.IgnoreFields(openapi3.Parameter{}, "Description", "Example", "Examples"),
	cmpopts.IgnoreFields(openapi3.RequestBody{}, "Description"),
	cmpopts.IgnoreFields(openapi3.MediaType{}, "Example", "Examples"),
	cmpopts.IgnoreFields(openapi3.Operation{}, "Summary", "Description", "Tags"),
	cmpopts.IgnoreUnexported(openapi3.Schema{}, openapi3.SchemaRef{}, openapi3.ParameterRef{}, openapi3.RequestBodyRef{}),
	cmpopts.EquateEmpty(),
	cmp.Transformer("typesOfSuccess", func(replies *openapi3.Responses) map[string]bool {
		types := map[string]bool{}
		for status, reply := range replies.Map() {
			for mediaType := range reply.Value.Content {
				if strings.HasPrefix(status, "2") {
					types[status+" "+mediaType] = true
				}
			}
		}
		return types
	}),
}

func TestContractHasEveryRuleForRequests(t *testing.T) {
	t.Parallel()
	doc, err := document.Load()
	if err != nil {
		t.Fatal(err)
	}
	want, err := access.Operations(doc)
	if err != nil {
		t.Fatal(err)
	}
	part, err := contract.Requests()
	if err != nil {
		t.Fatal(err)
	}
	got, err := access.Operations(part)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || len(got) == 0 {
		t.Fatalf("%d operations, want %d", len(got), len(want))
	}
	for i := range want {
		if diff := cmp.Diff(want[i], got[i], ignored); diff != "" {
			t.Errorf("%s, -document +contract:\n%s", want[i].ID, diff)
		}
	}
	if contract.Version != doc.Info.Version {
		t.Errorf("version %q, want %q", contract.Version, doc.Info.Version)
	}
}

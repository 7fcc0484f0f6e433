package main

import (
	"path"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// entityTag is the only header of replies that matters for requests: with it, preconditions are
// evaluated.
const entityTag = "ETag"

// keepRequests removes explanations and examples, and from replies everything except media types
// and the header ETag. Other parts stay, so that no rule gets lost.
func keepRequests(doc *openapi3.T) error {
	doc.Info = &openapi3.Info{Title: doc.Info.Title, Version: doc.Info.Version}
	doc.Servers, doc.Tags, doc.ExternalDocs = nil, nil, nil
	all := doc.Components
	doc.Components = &openapi3.Components{Parameters: all.Parameters, RequestBodies: all.RequestBodies}
	for _, parameter := range all.Parameters {
		silenceParameter(parameter.Value)
	}
	for _, body := range all.RequestBodies {
		silenceBody(body.Value)
	}
	for _, item := range doc.Paths.Map() {
		item.Summary, item.Description, item.Servers = "", "", nil
		for _, parameter := range item.Parameters {
			silenceParameter(parameter.Value)
		}
		for _, op := range item.Operations() {
			silenceOperation(op)
		}
	}
	return keepUsedSchemas(doc, all.Schemas)
}

func silenceOperation(op *openapi3.Operation) {
	op.Summary, op.Description, op.Tags, op.ExternalDocs, op.Servers = "", "", nil, nil, nil
	for _, parameter := range op.Parameters {
		silenceParameter(parameter.Value)
	}
	if op.RequestBody != nil {
		silenceBody(op.RequestBody.Value)
	}
	replies := openapi3.NewResponsesWithCapacity(1)
	for status, reply := range op.Responses.Map() {
		if !strings.HasPrefix(status, "2") {
			continue
		}
		content := openapi3.Content{}
		for mediaType := range reply.Value.Content {
			content[mediaType] = openapi3.NewMediaType()
		}
		kept := openapi3.NewResponse().WithDescription("").WithContent(content)
		if reply.Value.Headers[entityTag] != nil {
			header := &openapi3.Header{Parameter: openapi3.Parameter{Schema: openapi3.NewStringSchema().NewRef()}}
			kept.Headers = openapi3.Headers{entityTag: {Value: header}}
		}
		replies.Set(status, &openapi3.ResponseRef{Value: kept})
	}
	op.Responses = replies
}

func silenceParameter(p *openapi3.Parameter) { p.Description, p.Example, p.Examples = "", nil, nil }

func silenceBody(body *openapi3.RequestBody) {
	body.Description = ""
	for _, media := range body.Content {
		media.Example, media.Examples = nil, nil
	}
}

// keepUsedSchemas adds the schemas that doc refers to.
func keepUsedSchemas(doc *openapi3.T, schemas openapi3.Schemas) error {
	used := openapi3.Schemas{}
	err := doc.WalkSchemas(func(_ string, ref *openapi3.SchemaRef) error {
		if name := path.Base(ref.Ref); ref.Ref != "" {
			used[name] = schemas[name]
		}
		s := ref.Value
		s.Title, s.Description, s.Example, s.Examples, s.ExternalDocs = "", "", nil, nil, nil
		return nil
	})
	doc.Components.Schemas = used
	return err
}

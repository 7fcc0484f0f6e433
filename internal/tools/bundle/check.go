package main

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tenantry/tenantry/internal/document"
)

// The allowed keys of each kind of object, in the order in which the document has them.
var (
	documentKeys  = []string{"openapi", "info", "servers", "security", "tags", "paths", "components"}
	itemKeys      = append([]string{"x-entity", "parameters"}, methods...)
	operationKeys = []string{
		"operationId", "summary", "description", "tags", "security", "x-required-role", "x-audit-action", "x-rate-limit", "x-work",
		"x-streaming", "parameters", "requestBody", "responses",
	}
	parameterKeys = []string{"$ref", "name", "in", "required", "x-entity", "x-work", "description", "schema", "example"}
	bodyKeys      = []string{"description", "required", "content"}
	replyKeys     = []string{"$ref", "description", "headers", "content"}
	headerKeys    = []string{"$ref", "description", "required", "schema", "example"}
	mediaKeys     = []string{"schema", "example", "examples"}
	schemaKeys    = []string{
		"$ref", "type", "format", "x-name", "x-entity", "nullable", "minLength", "maxLength", "pattern", "x-message", "minimum", "maximum",
		"minItems", "maxItems", "x-go-type", "x-go-type-skip-optional-pointer", "x-go-type-import", "description", "additionalProperties", "required",
		"properties", "items", "allOf", "enum", "default", "x-enum-varnames", "example",
	}

	roles       = []string{"anon", "any", "viewer", "user", "admin", "superuser"}
	rateClasses = []string{"none", "default", "login", "refresh", "password"}
	kindsOfWork = []string{"none", "light", "heavy"}
)

// check reports unknown keys and formats, dangling references, and operations without a role or an
// audit action. It sorts the keys.
func (b *bundler) check(doc *yaml.Node) {
	b.object(doc, documentKeys)
	ids := map[string]*yaml.Node{}
	for path, item := range entries(get(doc, "paths")) {
		b.object(item, itemKeys)
		if strings.Contains(path.Value, "{") && get(item, "x-entity") == nil {
			b.faultf(path, "the path has no x-entity: write which entity its parameter is the id of, or none")
		}
		for _, parameter := range items(get(item, "parameters")) {
			b.checkParameter(parameter)
		}
		for _, method := range methods {
			if op := get(item, method); op != nil {
				b.checkOperation(keyOf(item, method), op, ids)
			}
		}
	}
	components := get(doc, "components")
	for _, parameter := range entries(get(components, "parameters")) {
		b.checkParameter(parameter)
	}
	for _, header := range entries(get(components, "headers")) {
		b.checkHeader(header)
	}
	for _, reply := range entries(get(components, "responses")) {
		b.checkReply(reply)
	}
	for _, schema := range entries(get(components, "schemas")) {
		b.checkSchema(schema)
	}
}

func (b *bundler) checkOperation(key, op *yaml.Node, ids map[string]*yaml.Node) {
	b.object(op, operationKeys)
	switch id := get(op, "operationId"); {
	case id == nil:
		b.faultf(key, "the operation has no operationId")
	case ids[id.Value] != nil:
		b.faultf(id, "the operationId %s is already defined in %s", id.Value, b.position(ids[id.Value]))
	default:
		ids[id.Value] = id
	}
	if role := get(op, "x-required-role"); role == nil {
		b.faultf(key, "the operation has no x-required-role: anon, any, viewer, user, admin or superuser")
	} else {
		b.checkValue(role, roles)
	}
	b.checkValue(get(op, "x-rate-limit"), rateClasses)
	b.checkValue(get(op, "x-work"), kindsOfWork)
	if get(op, "x-audit-action") == nil {
		b.faultf(key, "the operation has no x-audit-action: only GET has a default")
	}
	for _, parameter := range items(get(op, "parameters")) {
		b.checkParameter(parameter)
	}
	if body := get(op, "requestBody"); body != nil {
		b.object(body, bodyKeys)
		b.checkContent(body)
	}
	for _, reply := range entries(get(op, "responses")) {
		b.checkReply(reply)
	}
}

func (b *bundler) checkValue(node *yaml.Node, allowed []string) {
	if node != nil && !slices.Contains(allowed, node.Value) {
		b.faultf(node, "%q isn't one of %s", node.Value, strings.Join(allowed, ", "))
	}
}

func (b *bundler) checkParameter(parameter *yaml.Node) {
	b.object(parameter, parameterKeys)
	if value(parameter, "in") == "query" && value(parameter, "name") != "tenant_id" && value(parameter, "schema", "format") == "uuid" {
		b.needEntity(parameter)
	}
	b.checkSchema(get(parameter, "schema"))
}

func (b *bundler) checkReply(reply *yaml.Node) {
	b.object(reply, replyKeys)
	for _, header := range entries(get(reply, "headers")) {
		b.checkHeader(header)
	}
	b.checkContent(reply)
}

func (b *bundler) checkHeader(header *yaml.Node) {
	b.object(header, headerKeys)
	b.checkSchema(get(header, "schema"))
}

func (b *bundler) checkContent(node *yaml.Node) {
	for _, media := range entries(get(node, "content")) {
		b.object(media, mediaKeys)
		b.checkSchema(get(media, "schema"))
	}
}

func (b *bundler) checkSchema(schema *yaml.Node) {
	if schema == nil || schema.Kind != yaml.MappingNode {
		return
	}
	b.refuseUnknown(schema, schemaKeys)
	b.checkReference(schema)
	if format := get(schema, "format"); format != nil && !document.KnownFormat(value(schema, "type"), format.Value) {
		b.faultf(format, "unknown format %s of type %s: internal/document can't check it", format.Value, value(schema, "type"))
	}
	for _, property := range entries(get(schema, "properties")) {
		b.checkSchema(property)
	}
	for _, part := range items(get(schema, "allOf")) {
		b.checkSchema(part)
	}
	b.checkSchema(get(schema, "items"))
	b.checkSchema(get(schema, "additionalProperties"))
}

// object reports unknown keys and a dangling reference, and sorts the keys.
func (b *bundler) object(node *yaml.Node, known []string) {
	b.refuseUnknown(node, known)
	b.checkReference(node)
	order(node, known)
}

func (b *bundler) refuseUnknown(node *yaml.Node, known []string) {
	for key := range entries(node) {
		if !slices.Contains(known, key.Value) {
			b.faultf(key, "unknown key %q; known keys are %s", key.Value, strings.Join(known, ", "))
		}
	}
}

func (b *bundler) checkReference(node *yaml.Node) {
	ref := get(node, "$ref")
	if ref == nil {
		return
	}
	keys, isHere := strings.CutPrefix(ref.Value, "#/")
	if !isHere || at(b.main, strings.Split(keys, "/")...) == nil {
		b.faultf(ref, "%s doesn't exist", ref.Value)
	}
}

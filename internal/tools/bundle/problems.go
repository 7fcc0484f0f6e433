package main

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tenantry/tenantry/internal/errs"
)

const (
	// problem is the key of a reply for its example: {code, detail, instance, errors}. The other
	// fields are implied by the code.
	problem = "x-problem"
	// codeTable is replaced by the table of all error codes in the introduction.
	codeTable = "<error codes>"
	// codesSchema is the schema whose values are all error codes.
	codesSchema = "ErrorCode"
)

// addProblems adds the problem details of replies, and the list of all error codes.
func (b *bundler) addProblems() {
	for _, reply := range entries(at(b.main, "components", "responses")) {
		if example := take(reply, problem); example != nil {
			b.addProblem(reply, example)
		}
	}
	var table strings.Builder
	var codes []*yaml.Node
	for _, code := range errs.Sorted() {
		codes = append(codes, text(string(code)))
		fmt.Fprintf(&table, "| [`%s`](/errors/%s) | %d | %s |\n", code, code, code.Status(), code.Title())
	}
	if introduction := at(b.main, "info", "description"); introduction != nil {
		introduction.Value = strings.Replace(introduction.Value, codeTable+"\n", table.String(), 1)
	}
	if schema := at(b.main, "components", "schemas", codesSchema); schema != nil {
		set(schema, "enum", newSequence(codes...))
	}
}

func (b *bundler) addProblem(reply, own *yaml.Node) {
	b.refuseUnknown(own, []string{"code", "detail", "instance", "errors"})
	code := errs.Code(value(own, "code"))
	if !code.IsKnown() {
		b.faultf(own, "internal/errs has no code %q", code)
		return
	}
	example := newMapping()
	set(example, "type", text("/errors/"+string(code)))
	set(example, "title", text(code.Title()))
	set(example, "status", plain(strconv.Itoa(code.Status())))
	set(example, "detail", text(value(own, "detail")))
	set(example, "instance", text("/api/v1/org/companies"))
	if instance := get(own, "instance"); instance != nil {
		set(example, "instance", instance)
	}
	set(example, "code", text(string(code)))
	set(example, "request_id", text("01939000-aaaa-7bbb-8ccc-ddddeeeeffff"))
	if errors := get(own, "errors"); errors != nil {
		set(example, "errors", errors)
	}
	media, content := newMapping(), newMapping()
	set(media, "schema", reference("schemas", "Problem"))
	set(media, "example", example)
	set(content, "application/problem+json", media)
	set(reply, "content", b.merge(content, orEmpty(get(reply, "content"))))
}

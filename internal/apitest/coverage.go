package apitest

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/document"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/internal/tools/resource"
)

// replies records the (operation, status) pair of every reply in this process.
var replies = recorder{seen: map[string]bool{}}

type recorder struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (r *recorder) note(operation string, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[pair(operation, strconv.Itoa(status))] = true
}

func pair(operation, status string) string { return operation + " " + status }

// Main runs a package's tests. It fails if the document has a reply that no test produced. It skips
// that check when only some of the tests run. (A reply that the document lacks fails its test at
// once.)
func Main(m *testing.M) {
	status := m.Run()
	if status == 0 && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == "" && !isListing() {
		missing, err := unproduced()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
		if len(missing) > 0 {
			fmt.Fprintf(os.Stderr, "FAIL: the document has replies that no test produced:\n  %s\n", strings.Join(missing, "\n  "))
			status = 1
		}
	}
	os.Exit(status)
}

func isListing() bool { return flag.Lookup("test.list").Value.String() != "" }

// documented returns the operations of the document, which it reads once.
var documented = sync.OnceValues(func() ([]access.Operation, error) {
	doc, err := document.Shared()
	if err != nil {
		return nil, err
	}
	return access.Operations(doc)
})

// Operations returns the operations of the document, sorted by id. Tests that iterate over them
// cover new operations without a change.
func Operations(t testing.TB) []access.Operation {
	t.Helper()
	operations, err := documented()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(operations)
}

// Operation returns the operation with this id.
func Operation(t testing.TB, id string) access.Operation {
	t.Helper()
	operations := Operations(t)
	i := slices.IndexFunc(operations, func(op access.Operation) bool { return op.ID == id })
	if i < 0 {
		t.Fatalf("the document has no operation %s", id)
	}
	return operations[i]
}

// Filters returns the names of a list's filter parameters, sorted.
func Filters(op access.Operation) []string {
	var names []string
	for _, p := range op.Parameters {
		others := []string{"tenant_id", "limit", "cursor", "count", "sort", "format"}
		if p.In == openapi3.ParameterInQuery && !slices.Contains(others, p.Name) {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return names
}

// IsForLater reports whether no test can produce a documented reply yet: deleting a described
// resource answers 202 only if another resource refers to it.
func IsForLater(resources []resource.Resource, op access.Operation, status string) bool {
	return op.Method == http.MethodDelete && status == strconv.Itoa(http.StatusAccepted) &&
		slices.ContainsFunc(resources, func(r resource.Resource) bool { return r.Name == op.Entity }) &&
		!slices.ContainsFunc(resources, func(r resource.Resource) bool {
			return slices.ContainsFunc(r.References(), func(f resource.Field) bool { return f.Ref == op.Entity })
		})
}

func unproduced() ([]string, error) {
	operations, err := documented()
	if err != nil {
		return nil, err
	}
	replies.mu.Lock()
	defer replies.mu.Unlock()
	var missing []string
	resources, err := storetest.LoadResources()
	if err != nil {
		return nil, err
	}
	for _, op := range operations {
		for status := range op.Spec.Responses.Map() {
			if !replies.seen[pair(op.ID, status)] && !IsForLater(resources, op, status) {
				missing = append(missing, pair(op.ID, status))
			}
		}
	}
	slices.Sort(missing)
	return missing, nil
}

package storetest

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/tools/resource"
)

// Run tests that an engine behaves like all others. It also fails for each method of db.Querier
// that no test calls.
func Run(t *testing.T, engine store.Engine) {
	tests := make(map[string]func(*T))
	for _, part := range []map[string]func(*T){
		tenantTests, tenantListTests, tenantRemovalTests, organisationTests, nodeTests, accountTests, userTests, userListTests, sessionTests,
		auditTests, auditListTests, auditChainTests, auditRepeatTests, loginAttemptTests, oneTimeTokenTests, legacyCallTests, keyTraps, valueTraps,
	} {
		maps.Copy(tests, part)
	}
	resources := map[string]resource.Resource{}
	for _, r := range Resources(t) {
		resources[r.Name] = r
		maps.Copy(tests, resourceTests(r))
	}
	s := New(t, engine)
	calls := &calls{methods: make(map[string]bool)}
	t.Run("all", func(t *testing.T) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				calls.start()
				test(&T{T: t, store: s, calls: calls, resources: resources})
			})
		}
	})
	if calls.tests < len(tests) {
		t.Logf("only %d of %d tests ran, so methods without a test can't be reported", calls.tests, len(tests))
		return
	}
	for method := range reflect.TypeFor[db.Querier]().Methods() {
		if !calls.methods[method.Name] {
			t.Errorf("no test calls %s: add one to internal/store/storetest", method.Name)
		}
	}
}

// T is one test of the suite. All tests of an engine share a store, and each makes its own tenants.
type T struct {
	*testing.T

	store     *store.Store
	calls     *calls
	resources map[string]resource.Resource // by name
}

// calls records which methods the suite has called.
type calls struct {
	mu      sync.Mutex
	tests   int
	methods map[string]bool
}

func (c *calls) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tests++
}

// add records a call of a method. The runtime names a method value
// "path/of/package.(*Type).Method-fm".
func (c *calls) add(method any) {
	name := runtime.FuncForPC(reflect.ValueOf(method).Pointer()).Name()
	c.addName(strings.TrimSuffix(name[strings.LastIndexByte(name, '.')+1:], "-fm"))
}

func (c *calls) addName(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.methods[name] = true
}

// query calls a method and returns its result. An error ends the test.
func query[P, R any](t *T, method func(context.Context, P) (R, error), arg P) R {
	t.Helper()
	t.calls.add(method)
	result, err := method(t.Context(), arg)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// fails calls a method and expects the error want.
func fails[P, R any](t *T, method func(context.Context, P) (R, error), arg P, want error) {
	t.Helper()
	t.calls.add(method)
	result, err := method(t.Context(), arg)
	if !errors.Is(err, want) {
		t.Errorf("with %+v the result is %+v, error %v; want error %v", arg, result, err, want)
	}
}

// exec calls a method without a result. An error ends the test.
func exec[P any](t *T, method func(context.Context, P) error, arg P) {
	t.Helper()
	t.calls.add(method)
	if err := method(t.Context(), arg); err != nil {
		t.Fatal(err)
	}
}

// refuse calls a method and expects a violation of this constraint.
func refuse[P any](t *T, method func(context.Context, P) error, arg P, kind store.ConstraintKind, constraint string) {
	t.Helper()
	t.calls.add(method)
	isViolation(t, method(t.Context(), arg), kind, constraint)
}

// isViolation expects err to be a violation of this constraint. SQLite doesn't report the names of
// foreign keys, so there any foreign key will do.
func isViolation(t *T, err error, kind store.ConstraintKind, constraint string) {
	t.Helper()
	if kind == store.ForeignKey && t.store.Engine() == store.SQLite {
		constraint = ""
	}
	if v := violation(err); v == nil || v.Kind != kind || v.Constraint != constraint {
		t.Errorf("error is %v; want violation of %s constraint %q", err, kind, constraint)
	}
}

// violation returns the violation in err's tree, or nil.
func violation(err error) *store.Violation {
	v, _ := errors.AsType[*store.Violation](err)
	return v
}

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }

func equal[V any](t *T, what string, got, want V) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Transformer("String", uuid.UUID.String)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

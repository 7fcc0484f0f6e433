package access

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/document"
)

// NoAuditAction is the x-audit-action of operations that change nothing.
const NoAuditAction = "none"

// tenantParameter is the query parameter with the tenant to act in.
const tenantParameter = "tenant_id"

// Operation is an operation of the OpenAPI document with its access rules.
type Operation struct {
	ID           string
	Method       string
	Path         string // as in the document, for example with {id}
	RequiredRole Role
	AuditAction  string
	RateClass    RateClass // x-rate-limit
	TenantBound  bool      // has the parameter tenant_id
	Streaming    bool      // x-streaming: the time limit applies to each part of the reply, not to the whole
	Work         Work      // x-work
	Entity       string    // x-entity of the path: the type that {id} identifies; empty without one
	References   []Reference
	Spec         *openapi3.Operation
	Parameters   []*openapi3.Parameter // of the operation and of its path
	// HeavyParameters are query parameters with x-work: with one of them, light work is heavy.
	HeavyParameters []string
}

// Operations returns all operations of the document, sorted by id. It returns an error if an
// operation lacks x-required-role or x-audit-action, has an unknown role, x-rate-limit or x-work,
// has security that doesn't match its role, has an id without x-entity or an unknown format.
func Operations(doc *openapi3.T) ([]Operation, error) {
	var list []Operation
	var faults []error
	for path, item := range doc.Paths.Map() {
		for method, spec := range item.Operations() {
			op := Operation{ID: spec.OperationID, Method: method, Path: path, Spec: spec}
			if err := op.readRules(doc); err != nil {
				faults = append(faults, fmt.Errorf("%s %s: %w", method, path, err))
			}
			for _, p := range slices.Concat(item.Parameters, spec.Parameters) {
				op.Parameters = append(op.Parameters, p.Value)
				op.TenantBound = op.TenantBound || p.Value.In == openapi3.ParameterInQuery && p.Value.Name == tenantParameter
			}
			if err := errors.Join(op.readWork(), op.readReferences(item)); err != nil {
				faults = append(faults, fmt.Errorf("%s %s: %w", method, path, err))
			}
			list = append(list, op)
		}
	}
	faults = append(faults, document.CheckFormats(doc))
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("the OpenAPI document is incomplete: %w", err)
	}
	slices.SortFunc(list, func(a, b Operation) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return list, nil
}

// Address returns the operation's path with this id. Other path parameters get their examples.
func (o *Operation) Address(id string) string {
	path := strings.ReplaceAll(o.Path, "{id}", url.PathEscape(id))
	for _, p := range o.Parameters {
		if p.In == openapi3.ParameterInPath && p.Name != "id" {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(fmt.Sprint(p.Example)))
		}
	}
	return path
}

func (o *Operation) readRules(doc *openapi3.T) error {
	if o.ID == "" {
		return errors.New("operationId is missing")
	}
	role, _ := o.Spec.Extensions["x-required-role"].(string)
	var err error
	if o.RequiredRole, err = ParseRole(role); err != nil {
		return fmt.Errorf("x-required-role: %w", err)
	}
	if o.AuditAction, _ = o.Spec.Extensions["x-audit-action"].(string); o.AuditAction == "" {
		return errors.New("x-audit-action is missing")
	}
	if o.AuditAction == NoAuditAction && o.Method != http.MethodGet {
		return errors.New("x-audit-action is none, but only GET changes nothing")
	}
	class, _ := o.Spec.Extensions["x-rate-limit"].(string)
	if o.RateClass, err = ParseRateClass(class); err != nil {
		return fmt.Errorf("x-rate-limit: %w", err)
	}
	if streaming, ok := o.Spec.Extensions["x-streaming"]; ok {
		if o.Streaming, ok = streaming.(bool); !ok {
			return errors.New("x-streaming must be true or false")
		}
	}
	security := doc.Security
	if o.Spec.Security != nil {
		security = *o.Spec.Security
	}
	if open := len(security) == 0; open != (o.RequiredRole == Anon) {
		return fmt.Errorf("x-required-role %s doesn't fit its security", o.RequiredRole)
	}
	return nil
}

// CreatesInTenant reports whether the operation creates a resource in the tenant that the request
// acts in.
func (o *Operation) CreatesInTenant() bool {
	return o.TenantBound && o.Entity == "" && o.Spec.Responses.Value(strconv.Itoa(http.StatusCreated)) != nil
}

// Creator returns the operation that creates resources of an entity type, if there is one: a POST
// to the collection whose items have this type.
func Creator(operations []Operation, entity string) (Operation, bool) {
	for _, op := range operations {
		collection, isOne := strings.CutSuffix(op.Path, "/{id}")
		if entity == "" || op.Entity != entity || !isOne {
			continue
		}
		for _, create := range operations {
			if create.Method == http.MethodPost && create.Path == collection && create.Spec.Responses.Value(strconv.Itoa(http.StatusCreated)) != nil {
				return create, true
			}
		}
	}
	return Operation{}, false
}

// Permissions returns the sorted ids of the operations that a user with this role may call.
// Operations without authentication are not included.
func Permissions(operations []Operation, role Role) []string {
	ids := []string{}
	for _, op := range operations {
		if op.RequiredRole != Anon && role.Satisfies(op.RequiredRole) {
			ids = append(ids, op.ID)
		}
	}
	return ids
}

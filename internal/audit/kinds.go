package audit

import (
	"context"
	"strings"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
)

// kinds has the actions, areas and entity types that entries can have.
type kinds struct {
	actions, areas, entities map[string]bool
}

// newKinds collects the actions and entity types of operations that write entries, and the actions
// outside of operations.
func newKinds(operations []access.Operation) kinds {
	k := kinds{actions: map[string]bool{}, areas: map[string]bool{}, entities: map[string]bool{}}
	actions := []string{TenantAccess, AccessDenied, Prune, AcceptHead, TenantDelete, TenantDeleteFinish, AccountRelease}
	for _, op := range operations {
		if op.AuditAction == access.NoAuditAction {
			continue
		}
		actions = append(actions, op.AuditAction)
		if op.Entity != "" {
			k.entities[op.Entity] = true
		}
	}
	for _, action := range actions {
		area, _, _ := strings.Cut(action, ".")
		k.actions[action], k.areas[area] = true, true
	}
	return k
}

// checkKinds adds a fault for each action or entity type of a selection that no entry can have. A
// name that this version doesn't write is valid if the trail has entries with it from an earlier
// version.
func (r *Reader) checkKinds(ctx context.Context, sel selection, faults *errs.Faults) error {
	for _, filter := range []struct {
		parameter string
		value     *string
		known     map[string]bool
		apply     func(*selection, *string)
	}{
		{"action", sel.Action, r.kinds.actions, func(s *selection, v *string) { s.Action = v }},
		{"action", sel.ActionArea, r.kinds.areas, func(s *selection, v *string) { s.ActionArea = v }},
		{"entity_type", sel.EntityType, r.kinds.entities, func(s *selection, v *string) { s.EntityType = v }},
	} {
		if filter.value == nil || filter.known[*filter.value] {
			continue
		}
		written := before(sel.TenantID, latest)
		filter.apply(&written, filter.value)
		entries, err := newestFirst.Rows(ctx, r.store, written, newestFirst.First, 1)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			faults.Add(errs.Field{Parameter: filter.parameter, Detail: "No entry can have this value. Names are in lower case, such as company.create or company.", Code: "not_allowed"})
		}
	}
	return nil
}

package audit

import (
	"context"
	"strings"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
)

// kinds has what entries may be about, by the names that the writers take from the same operations.
type kinds struct {
	actions, areas, entities map[string]bool
}

// newKinds collects the actions of the operations and those that belong to none, and the entities of operations that
// write an entry.
func newKinds(operations []access.Operation) kinds {
	k := kinds{actions: map[string]bool{}, areas: map[string]bool{}, entities: map[string]bool{}}
	actions := []string{TenantAccess, AccessDenied, Prune, AcceptHead, TenantDelete, TenantDeleteFinish}
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

// checkKinds adds a fault for each action or entity type of a selection that no entry can have. A name that this
// version of the program doesn't write is fine if the trail has it, as from an earlier version.
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

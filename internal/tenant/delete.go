package tenant

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
)

// steps deletes from every table with a tenant_id, each before the tables that it refers to. It
// leaves out tables that the database empties by cascading. A test compares it with the schema.
func steps() []records.Step {
	return slices.Concat(
		[]records.Step{records.ByID("sessions", db.Querier.ListSessionIDs, db.Querier.DeleteSessionsBetween)},
		resources.TenantRemoval(),
		[]records.Step{{Table: "accounts", Batch: deleteAccounts}},
		[]records.Step{
			records.ByID("audit_entries", db.Querier.ListAuditEntryIDs, db.Querier.DeleteAuditEntriesBetween),
			records.ByID("audit_links", db.Querier.ListAuditLinkIDs, db.Querier.DeleteAuditLinksBetween),
			{Table: "audit_seals", Batch: deleteSeals},
		},
	)
}

// deleteAccounts deletes the next accounts that the tenant managed and that have no user any more.
func deleteAccounts(ctx context.Context, q db.Querier, tenantID, after uuid.UUID, limit int32) (uuid.UUID, error) {
	ids, err := q.ListManagedAccountIDs(ctx, db.ListManagedAccountIDsParams{ManagedBy: &tenantID, AfterID: after, Limit: limit})
	if err != nil || len(ids) == 0 {
		return uuid.Nil, err
	}
	last := ids[len(ids)-1]
	_, err = q.DeleteManagedAccountsBetweenUnscoped(ctx, db.DeleteManagedAccountsBetweenUnscopedParams{
		ManagedBy: &tenantID, FirstID: ids[0], LastID: last,
	})
	return last, err
}

// deleteSeals deletes the next seals. They have numbers instead of ids, so the number is stored in
// the last bytes of the id that says where the next batch begins.
func deleteSeals(ctx context.Context, q db.Querier, tenantID, after uuid.UUID, limit int32) (uuid.UUID, error) {
	number := int64(binary.BigEndian.Uint64(after[8:])) //nolint:gosec // comes from below
	seals, err := q.ListAuditSeals(ctx, db.ListAuditSealsParams{TenantID: tenantID, AfterNumber: number, Limit: limit})
	if err != nil || len(seals) == 0 {
		return uuid.Nil, err
	}
	number = seals[len(seals)-1].Number
	_, err = q.DeleteAuditSealsUpTo(ctx, db.DeleteAuditSealsUpToParams{TenantID: tenantID, LastNumber: number})
	var last uuid.UUID
	binary.BigEndian.PutUint64(last[8:], uint64(number)) //nolint:gosec // seals are counted from 1
	return last, err
}

// errGone means that the tenant no longer exists, because a concurrent deletion was faster.
var errGone = errors.New("the tenant is gone")

// Delete deletes a suspended tenant with all its data, 1000 rows at a time. It returns nil when
// nothing is left. If that takes longer than 10 seconds, it returns the tenant as it is; then, and
// after any error, another call continues. Calls may run concurrently.
//
// It returns errs.NotFound, errs.PlatformTenant, errs.ValidationFailed if the code isn't the
// tenant's, errs.StaleVersion if condition doesn't allow the version, or errs.NotSuspended.
//
// From the beginning nobody can enter the tenant. Requests that are running may still add rows:
// those are deleted like the others, and after the end foreign keys refuse them.
func (s *Service) Delete(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, confirmCode string) (*db.Tenant, error) {
	until := s.now().Add(records.DeletionTime)
	t, err := s.beginDeletion(ctx, by, id, condition, confirmCode)
	if err != nil {
		return nil, kind.ClientError(err)
	}
	s.refused(ctx, id)
	for {
		done, err := s.deleteRows(ctx, id, until)
		if err == nil && done {
			err = s.finishDeletion(ctx, by, t)
		}
		switch {
		case err == nil && done, errors.Is(err, errGone):
			return nil, nil //nolint:nilnil // nothing is left
		case err != nil && !store.BreaksReference(err):
			return nil, err
		case !s.now().Before(until):
			return &t, nil
		}
		// A running request has added rows. New requests are refused, so the loop ends.
	}
}

// beginDeletion marks a tenant as being deleted, and writes what it contained into the audit trail.
func (s *Service) beginDeletion(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, confirmCode string,
) (db.Tenant, error) {
	if id == access.PlatformTenantID {
		return db.Tenant{}, errs.New(errs.PlatformTenant, "The platform can't be deleted: superusers live in it.")
	}
	var t db.Tenant
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		var err error
		if t, err = kind.Matching(ctx, tx, id, id, condition); err != nil {
			return err
		}
		if confirmCode != t.Code {
			return errs.Invalid(errs.Field{Parameter: "confirm_code", Detail: "Type the code of the tenant.", Code: "wrong"})
		}
		switch t.Status {
		case deleting:
			return nil
		case suspended:
		default:
			return errs.New(errs.NotSuspended, "Suspend the tenant first; only a suspended one can be deleted.")
		}
		changes, err := lastState(ctx, tx, t)
		if err != nil {
			return err
		}
		t.Status = deleting
		if err := kind.Put(ctx, s.parts.Change(tx, by), &t); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, by, audit.Entry{
			Action: audit.TenantDelete, TenantID: access.PlatformTenantID, EntityType: entityType, EntityID: t.ID, EntityLabel: t.Name, Changes: changes,
		})
	})
	return t, err
}

// lastState returns the tenant's values and the numbers of its rows, for the audit entry.
func lastState(ctx context.Context, q db.Querier, t db.Tenant) (audit.Changes, error) {
	had, err := usage(ctx, q, t)
	if err != nil {
		return nil, err
	}
	changes := audit.Deleted(t)
	for name, count := range map[string]int64{
		"companies": had.Companies, "branches": had.Branches, "departments": had.Departments,
		"users": had.Users, "active_users": had.ActiveUsers, "audit_entries": had.AuditEntries,
	} {
		changes[name] = audit.Change{Before: count}
	}
	return changes, nil
}

// deleteRows deletes the tenant's rows until all are gone or the time is over. It always does at
// least one batch.
func (s *Service) deleteRows(ctx context.Context, tenantID uuid.UUID, until time.Time) (done bool, err error) {
	for _, step := range steps() {
		var after uuid.UUID
		for {
			last, err := s.deleteBatch(ctx, tenantID, step, after)
			if err != nil {
				return false, err
			}
			if last == uuid.Nil {
				break
			}
			if !s.now().Before(until) {
				return false, nil
			}
			after = last
		}
	}
	return true, nil
}

// deleteBatch runs the next batch of a step.
func (s *Service) deleteBatch(ctx context.Context, tenantID uuid.UUID, step records.Step, after uuid.UUID) (uuid.UUID, error) {
	var last uuid.UUID
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		err := lock(ctx, tx, tenantID)
		if err != nil {
			return err
		}
		last, err = step.Batch(ctx, tx, tenantID, after, int32(s.parts.BatchSize())) //nolint:gosec // 1000 at most
		return err
	})
	return last, err
}

// finishDeletion deletes the tenant's own row. It returns a violation of a foreign key if the
// tenant still has rows.
func (s *Service) finishDeletion(ctx context.Context, by access.Principal, t db.Tenant) error {
	return s.store.Tx(ctx, func(tx store.Tx) error {
		if err := lock(ctx, tx, t.ID); err != nil {
			return err
		}
		rows, err := tx.DeleteTenant(ctx, db.DeleteTenantParams{ID: t.ID, Version: t.Version})
		if err != nil {
			return err
		}
		if rows == 0 {
			return store.ErrStale
		}
		return s.audit.Write(ctx, tx, by, audit.Entry{
			Action: audit.TenantDeleteFinish, TenantID: access.PlatformTenantID, EntityType: entityType, EntityID: t.ID, EntityLabel: t.Name,
		})
	})
}

// lock makes concurrent deletions of the same tenant wait for each other.
func lock(ctx context.Context, q db.Querier, tenantID uuid.UUID) error {
	rows, err := q.LockTenant(ctx, db.LockTenantParams{ID: tenantID})
	if err == nil && rows == 0 {
		return errGone
	}
	return err
}

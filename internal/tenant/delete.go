package tenant

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	// deletionBatch is few enough rows that others needn't wait for the transaction.
	deletionBatch = 1000
	// deletionTime is how long a call of Delete goes on, so that its client doesn't give up.
	deletionTime = 10 * time.Second
)

// step is what a deletion does with the rows of a table.
type step struct {
	table string
	batch batch
}

// batch is done with the next rows of a tenant, those after a place, and returns the place after which the rest comes; the zero
// place if there were none.
type batch func(ctx context.Context, q db.Querier, tenantID uuid.UUID, after place, limit int32) (place, error)

// place is the key of a row beside its tenant: an id, or a number.
type place struct {
	id     uuid.UUID
	number int64
}

// steps go through every table that has a tenant_id, each before those that it refers to. A test compares them with the schema.
var steps = []step{
	{"sessions", byID(db.Querier.ListSessionIDs, db.Querier.DeleteSessionsBetween)},
	{"departments", byID(db.Querier.ListAttachedDepartmentIDs, db.Querier.DetachDepartmentsBetween)},
	{"users", byID(db.Querier.ListUserIDs, db.Querier.DeleteUsersBetween)},
	{"departments", byID(db.Querier.ListDepartmentIDs, db.Querier.DeleteDepartmentsBetween)},
	{"branches", byID(db.Querier.ListBranchIDs, db.Querier.DeleteBranchesBetween)},
	{"companies", byID(db.Querier.ListCompanyIDs, db.Querier.DeleteCompaniesBetween)},
	{"audit_entries", byID(db.Querier.ListAuditEntryIDs, db.Querier.DeleteAuditEntriesBetween)},
	{"audit_links", byID(db.Querier.ListAuditLinkIDs, db.Querier.DeleteAuditLinksBetween)},
	{"audit_seals", deleteSeals},
}

// cascaded are the tables with a tenant_id whose rows go with those that they belong to: a user has one token, an audit entry
// one number of requests, and a tenant few callers.
var cascaded = []string{"audit_repeats", "legacy_calls", "one_time_tokens"}

func byID[Page ~struct {
	TenantID uuid.UUID `json:"tenant_id"`
	AfterID  uuid.UUID `json:"after_id"`
	Limit    int32     `json:"limit"`
}, Range ~struct {
	TenantID uuid.UUID `json:"tenant_id"`
	AfterID  uuid.UUID `json:"after_id"`
	LastID   uuid.UUID `json:"last_id"`
}](list func(db.Querier, context.Context, Page) ([]uuid.UUID, error), do func(db.Querier, context.Context, Range) (int64, error)) batch {
	return func(ctx context.Context, q db.Querier, tenantID uuid.UUID, after place, limit int32) (place, error) {
		ids, err := list(q, ctx, Page{TenantID: tenantID, AfterID: after.id, Limit: limit})
		if err != nil || len(ids) == 0 {
			return place{}, err
		}
		last := ids[len(ids)-1]
		_, err = do(q, ctx, Range{TenantID: tenantID, AfterID: after.id, LastID: last})
		return place{id: last}, err
	}
}

func deleteSeals(ctx context.Context, q db.Querier, tenantID uuid.UUID, after place, limit int32) (place, error) {
	seals, err := q.ListAuditSeals(ctx, db.ListAuditSealsParams{TenantID: tenantID, AfterNumber: after.number, Limit: limit})
	if err != nil || len(seals) == 0 {
		return place{}, err
	}
	last := seals[len(seals)-1].Number
	_, err = q.DeleteAuditSealsUpTo(ctx, db.DeleteAuditSealsUpToParams{TenantID: tenantID, LastNumber: last})
	return place{number: last}, err
}

// errGone means that the tenant isn't there any more: someone else who deletes it was faster.
var errGone = errors.New("the tenant is gone")

// Delete deletes a suspended tenant with all that it has, 1000 rows at a time. It returns nil when nothing is left, or the
// tenant as it is if that takes longer than 10 seconds: then, and after any error, another call goes on where this one
// stopped. Any number of calls may do so at once.
//
// The error is errs.NotFound, errs.PlatformTenant, errs.ValidationFailed if the code isn't the tenant's, errs.StaleVersion if
// the version isn't one that condition allows, or errs.NotSuspended.
//
// From the beginning on nobody can enter the tenant. What was under way then may still add rows: those that come before the
// end are deleted like the others, and after it the foreign keys refuse them.
func (s *Service) Delete(ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, confirmCode string) (*db.Tenant, error) {
	until := s.now().Add(deletionTime)
	t, err := s.beginDeletion(ctx, by, id, condition, confirmCode)
	if err != nil {
		return nil, clientError(err)
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
		// Something has come in behind us. It was under way at the beginning, so there is an end to that.
	}
}

// beginDeletion marks a tenant as one that is being deleted, and writes down what there was of it.
func (s *Service) beginDeletion(
	ctx context.Context, by access.Principal, id uuid.UUID, condition etag.Condition, confirmCode string,
) (db.Tenant, error) {
	if id == access.PlatformTenantID {
		return db.Tenant{}, errs.New(errs.PlatformTenant, "The platform can't be deleted: superusers live in it.")
	}
	var t db.Tenant
	err := s.store.Tx(ctx, func(q db.Querier) error {
		var err error
		if t, err = matching(ctx, q, id, condition); err != nil {
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
		changes, err := lastState(ctx, q, t)
		if err != nil {
			return err
		}
		t.Status = deleting
		if err := s.update(ctx, q, &t); err != nil {
			return err
		}
		return s.audit.Write(ctx, q, by, audit.Entry{
			Action: audit.TenantDelete, TenantID: access.PlatformTenantID, EntityType: entityType, EntityID: t.ID, EntityLabel: t.Name, Changes: changes,
		})
	})
	return t, err
}

// lastState is all there is to say of a tenant that goes, with how much it had.
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

// deleteRows deletes what a tenant has, until all is done or the time is over. It always does something.
func (s *Service) deleteRows(ctx context.Context, tenantID uuid.UUID, until time.Time) (done bool, err error) {
	for _, step := range steps {
		var after place
		for {
			last, err := s.deleteBatch(ctx, tenantID, step, after)
			if err != nil {
				return false, err
			}
			if last == (place{}) {
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

// deleteBatch does the next batch of a step.
func (s *Service) deleteBatch(ctx context.Context, tenantID uuid.UUID, step step, after place) (place, error) {
	var last place
	err := s.store.Tx(ctx, func(q db.Querier) error {
		err := lock(ctx, q, tenantID)
		if err != nil {
			return err
		}
		last, err = step.batch(ctx, q, tenantID, after, s.batch)
		return err
	})
	return last, err
}

// finishDeletion deletes the tenant itself. The error breaks a reference if there is something left of it.
func (s *Service) finishDeletion(ctx context.Context, by access.Principal, t db.Tenant) error {
	return s.store.Tx(ctx, func(q db.Querier) error {
		if err := lock(ctx, q, t.ID); err != nil {
			return err
		}
		rows, err := q.DeleteTenant(ctx, db.DeleteTenantParams{ID: t.ID, Version: t.Version})
		if err != nil {
			return err
		}
		if rows == 0 {
			return store.ErrStale
		}
		return s.audit.Write(ctx, q, by, audit.Entry{
			Action: audit.TenantDeleteFinish, TenantID: access.PlatformTenantID, EntityType: entityType, EntityID: t.ID, EntityLabel: t.Name,
		})
	})
}

// lock keeps others who delete the same tenant waiting, so that they don't get into each other's way.
func lock(ctx context.Context, q db.Querier, tenantID uuid.UUID) error {
	rows, err := q.LockTenant(ctx, db.LockTenantParams{ID: tenantID})
	if err == nil && rows == 0 {
		return errGone
	}
	return err
}

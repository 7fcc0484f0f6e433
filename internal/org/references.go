package org

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

// reference is a field that names another row.
type reference struct {
	pointer string
	missing string // what a client is told if the row isn't there
	// fits reports whether the row is one that may be named. The error may be store.ErrNotFound.
	fits func() (bool, error)
}

// checkReferences returns an errs.UnknownReference that names every field whose row isn't there. It runs in the transaction
// that writes the fields. The foreign keys have the last word, as a row may go right after the look at it, but not every
// engine says which one it was.
func checkReferences(references ...reference) error {
	var missing []errs.Field
	for _, r := range references {
		fits, err := r.fits()
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if !fits || err != nil {
			missing = append(missing, errs.Field{Pointer: r.pointer, Detail: r.missing, Code: "unknown_reference"})
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return errs.New(errs.UnknownReference, "A field of the request names something that does not exist.").With(missing...)
}

func toCompany(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) reference {
	return reference{"/company_id", "There is no such company.", func() (bool, error) {
		_, err := q.GetCompany(ctx, db.GetCompanyParams{TenantID: tenantID, ID: id})
		return true, err
	}}
}

// inCompany is toCompany for a row that is added to the company. It also locks the company, as kind.lock does.
func inCompany(ctx context.Context, q db.Querier, tenantID, id uuid.UUID) reference {
	r := toCompany(ctx, q, tenantID, id)
	r.fits = func() (bool, error) {
		rows, err := q.LockCompany(ctx, db.LockCompanyParams{TenantID: tenantID, ID: id})
		return rows == 1, err
	}
	return r
}

// fromDepartment are the references that a department has now and hadn't before, without its company.
func fromDepartment(ctx context.Context, q db.Querier, before, now db.Department) []reference {
	var list []reference
	if changed(before.BranchID, now.BranchID) {
		list = append(list, reference{"/branch_id", "There is no such branch in this company.", func() (bool, error) {
			b, err := q.GetBranch(ctx, db.GetBranchParams{TenantID: now.TenantID, ID: *now.BranchID})
			return b.CompanyID == now.CompanyID, err
		}})
	}
	if changed(before.ParentID, now.ParentID) {
		list = append(list, reference{"/parent_id", "There is no such department in this company.", func() (bool, error) {
			d, err := q.GetDepartment(ctx, db.GetDepartmentParams{TenantID: now.TenantID, ID: *now.ParentID})
			return d.CompanyID == now.CompanyID, err
		}})
	}
	if changed(before.HeadUserID, now.HeadUserID) {
		list = append(list, reference{"/head_user_id", "There is no such user.", func() (bool, error) {
			_, err := q.GetUser(ctx, db.GetUserParams{TenantID: now.TenantID, ID: *now.HeadUserID})
			return true, err
		}})
	}
	return list
}

// changed reports whether a reference names a row that it didn't name before.
func changed(before, now *uuid.UUID) bool {
	return now != nil && (before == nil || *before != *now)
}

// Package org has the rules of a tenant's organisation.
package org

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/store"
)

const companyType = "company"

// Companies has the rules of companies.
type Companies struct {
	store   *store.Store
	audit   *audit.Log
	cursors *paging.Cursors
	now     func() time.Time
	newID   func() uuid.UUID
}

// NewCompanies returns the service on a store.
func NewCompanies(s *store.Store, log *audit.Log, cursors *paging.Cursors, now func() time.Time, newID func() uuid.UUID) *Companies {
	return &Companies{store: s, audit: log, cursors: cursors, now: now, newID: newID}
}

// Create returns the new company; errs.AlreadyExists if its code is taken in the tenant.
func (s *Companies) Create(ctx context.Context, by access.Principal, in api.CompanyCreate) (db.Company, error) {
	now := s.now()
	c := db.Company{TenantID: by.TenantID, ID: s.newID(), IsActive: true, CreatedAt: now, UpdatedAt: now, Version: 1}
	applyCompany(&c, api.CompanyUpdate{
		Code: &in.Code, Name: &in.Name, Description: in.Description, Email: in.Email, Phone: in.Phone, Website: in.Website,
		Address: in.Address, TaxID: in.TaxID, RegistrationNumber: in.RegistrationNumber, IsActive: in.IsActive,
	})
	err := s.store.Tx(ctx, func(q db.Querier) error { return InsertCompany(ctx, q, s.audit, by, c) })
	if err != nil {
		return db.Company{}, companyError(err)
	}
	return c, nil
}

// InsertCompany adds a company and its audit entry, as part of a transaction. It derives NameKey and SearchText.
func InsertCompany(ctx context.Context, q db.Querier, log *audit.Log, by access.Principal, c db.Company) error {
	DeriveCompany(&c)
	if err := q.InsertCompany(ctx, db.InsertCompanyParams(c)); err != nil {
		return err
	}
	return log.Write(ctx, q, by, audit.Entry{
		Action: "company.create", EntityType: companyType, EntityID: c.ID, EntityLabel: c.Name, Changes: audit.Created(c),
	})
}

// Get returns a company of the tenant, or errs.NotFound.
func (s *Companies) Get(ctx context.Context, by access.Principal, id uuid.UUID) (db.Company, error) {
	c, err := s.store.GetCompany(ctx, db.GetCompanyParams{TenantID: by.TenantID, ID: id})
	if err != nil {
		return db.Company{}, companyError(err)
	}
	return c, nil
}

// Update changes the fields that are in the request and returns the company as it is then. The error is errs.NotFound,
// errs.StaleVersion if the version isn't one of ifMatch, or errs.AlreadyExists if the new code is taken.
func (s *Companies) Update(ctx context.Context, by access.Principal, id uuid.UUID, ifMatch etag.Condition, in api.CompanyUpdate) (db.Company, error) {
	var after db.Company
	err := s.store.Tx(ctx, func(q db.Querier) error {
		before, err := s.getMatching(ctx, q, by, id, ifMatch)
		if err != nil {
			return err
		}
		after = before
		applyCompany(&after, in)
		changes := audit.Updated(before, after)
		if len(changes) == 0 {
			return nil
		}
		after.UpdatedAt, after.Version = s.now(), before.Version+1
		rows, err := q.UpdateCompany(ctx, db.UpdateCompanyParams{
			Code: after.Code, Name: after.Name, NameKey: after.NameKey, Description: after.Description,
			Email: after.Email, Phone: after.Phone, Website: after.Website,
			AddressLine1: after.AddressLine1, AddressLine2: after.AddressLine2, City: after.City,
			State: after.State, PostalCode: after.PostalCode, Country: after.Country,
			TaxID: after.TaxID, RegistrationNumber: after.RegistrationNumber, IsActive: after.IsActive,
			SearchText: after.SearchText, UpdatedAt: after.UpdatedAt,
			TenantID: by.TenantID, ID: id, Version: before.Version,
		})
		if err != nil {
			return err
		}
		if rows == 0 {
			return store.ErrStale
		}
		return s.audit.Write(ctx, q, by, audit.Entry{
			EntityType: companyType, EntityID: id, EntityLabel: after.Name, Changes: changes,
		})
	})
	if err != nil {
		return db.Company{}, companyError(err)
	}
	return after, nil
}

// PreviewDelete says what Delete would take with it. The error is as there.
func (s *Companies) PreviewDelete(ctx context.Context, by access.Principal, id uuid.UUID, ifMatch etag.Condition) (api.DeletionPreview, error) {
	if _, err := s.getMatching(ctx, s.store, by, id, ifMatch); err != nil {
		return api.DeletionPreview{}, companyError(err)
	}
	users, err := s.store.CountUsersOfCompany(ctx, db.CountUsersOfCompanyParams{TenantID: by.TenantID, CompanyID: &id})
	if err != nil {
		return api.DeletionPreview{}, err
	}
	return api.DeletionPreview{Companies: 1, UsersDetached: users}, nil
}

// Delete removes a company; its users lose the assignment. The error is errs.NotFound, or errs.StaleVersion if the version
// isn't one of ifMatch.
func (s *Companies) Delete(ctx context.Context, by access.Principal, id uuid.UUID, ifMatch etag.Condition) error {
	err := s.store.Tx(ctx, func(q db.Querier) error {
		c, err := s.getMatching(ctx, q, by, id, ifMatch)
		if err != nil {
			return err
		}
		if err := s.detachUsers(ctx, q, by, id); err != nil {
			return err
		}
		rows, err := q.DeleteCompany(ctx, db.DeleteCompanyParams{TenantID: by.TenantID, ID: id, Version: c.Version})
		if rows == 0 && err == nil || store.BreaksReference(err) {
			return store.ErrStale // changed, or someone was assigned to it meanwhile
		}
		if err != nil {
			return err
		}
		return s.audit.Write(ctx, q, by, audit.Entry{
			EntityType: companyType, EntityID: id, EntityLabel: c.Name, Changes: audit.Deleted(c),
		})
	})
	if err != nil {
		return companyError(err)
	}
	return nil
}

// detachUsers takes the users of a company out of it, with an entry for each.
func (s *Companies) detachUsers(ctx context.Context, q db.Querier, by access.Principal, id uuid.UUID) error {
	users, err := q.ListUsersOfCompany(ctx, db.ListUsersOfCompanyParams{TenantID: by.TenantID, CompanyID: &id})
	if err != nil || len(users) == 0 {
		return err
	}
	detached, err := q.DetachUsersFromCompany(ctx, db.DetachUsersFromCompanyParams{UpdatedAt: s.now(), TenantID: by.TenantID, CompanyID: &id})
	if err != nil {
		return err
	}
	if detached != int64(len(users)) {
		return store.ErrStale
	}
	for _, before := range users {
		after := before
		after.CompanyID, after.BranchID, after.DepartmentID = nil, nil, nil
		changes := audit.Updated(before, after)
		err := s.audit.Write(ctx, q, by, audit.Entry{
			Action: "user.update", EntityType: "user", EntityID: before.ID, EntityLabel: before.Email, Changes: changes,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Companies) getMatching(ctx context.Context, q db.Querier, by access.Principal, id uuid.UUID, ifMatch etag.Condition) (db.Company, error) {
	c, err := q.GetCompany(ctx, db.GetCompanyParams{TenantID: by.TenantID, ID: id})
	if err != nil {
		return db.Company{}, err
	}
	if !ifMatch.Allows(c.Version) {
		return db.Company{}, errs.New(errs.StaleVersion, "The company has changed since you read it. Read it again and repeat your change.")
	}
	return c, nil
}

// companyError makes what the store refused into what a client is told.
func companyError(err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errs.New(errs.NotFound, "There is no such company.").Because(err)
	case store.Violates(err, "companies_tenant_id_code_key"):
		const detail = "A company with this code exists already."
		return errs.New(errs.AlreadyExists, detail).With(errs.Field{Pointer: "/code", Detail: detail, Code: "taken"}).Because(err)
	}
	return err
}

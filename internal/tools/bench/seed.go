package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/user"
)

const (
	companies      = 1000 // of the measured tenant
	admins         = 8    // each has a session, which share the load
	otherTenants   = 200
	otherCompanies = 50 // of each other tenant
	password       = "correct horse battery staple"
	bcryptCost     = 12 // Tenantry's default
)

// world has the data in the databases.
type world struct {
	tenant    uuid.UUID
	admins    []db.User
	companies []uuid.UUID
	quiet     db.User // the admin of another tenant
}

// populate fills a migrated, empty database.
func populate(ctx context.Context, databaseURL string) (world, error) {
	s, err := store.Open(ctx, databaseURL, store.Options{})
	if err != nil {
		return world{}, err
	}
	defer s.Close()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcryptCost)
	if err != nil {
		return world{}, err
	}
	var w world
	if w.tenant, w.companies, err = addTenant(ctx, s, 0, companies); err != nil {
		return world{}, err
	}
	for i := range admins {
		u, err := addAdmin(ctx, s, w.tenant, fmt.Sprintf("admin%d@example.com", i), string(hash))
		if err != nil {
			return world{}, err
		}
		w.admins = append(w.admins, u)
	}
	for i := range otherTenants {
		other, _, err := addTenant(ctx, s, i+1, otherCompanies)
		if err != nil {
			return world{}, err
		}
		if i > 0 {
			continue
		}
		if w.quiet, err = addAdmin(ctx, s, other, "quiet@example.com", string(hash)); err != nil {
			return world{}, err
		}
	}
	return w, nil
}

// addTenant adds a tenant with companies.
func addTenant(ctx context.Context, s *store.Store, number, companies int) (uuid.UUID, []uuid.UUID, error) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	t := db.Tenant{
		ID: uuid.Must(uuid.NewV7()), Code: fmt.Sprintf("TENANT-%d", number), Name: fmt.Sprintf("Tenant %d", number),
		Tier: "enterprise", Status: "active", CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	tenant.Derive(&t)
	ids := make([]uuid.UUID, 0, companies)
	err := s.Tx(ctx, func(tx store.Tx) error {
		ids = ids[:0] // for a retry
		if err := tx.InsertTenant(ctx, db.InsertTenantParams(t)); err != nil {
			return err
		}
		for i := range companies {
			c := someCompany(t.ID, i, now)
			if err := tx.InsertCompany(ctx, db.InsertCompanyParams(c)); err != nil {
				return err
			}
			ids = append(ids, c.ID)
		}
		return nil
	})
	return t.ID, ids, err
}

// someCompany returns a company with as much data as a typical one.
func someCompany(tenantID uuid.UUID, number int, now time.Time) db.Company {
	c := db.Company{
		TenantID: tenantID, ID: uuid.Must(uuid.NewV7()), Code: fmt.Sprintf("C-%05d", number), Name: fmt.Sprintf("Nordlicht Versand %d", number),
		Description: new("Mail order of lamps and <lights>, with 12 shops & a warehouse"), Email: new("office@nordlicht.example.com"),
		Phone: new("+49 40 1234567"), Website: new("https://nordlicht.example.com"),
		AddressLine1: new("Große Elbstraße 12"), City: new("Hamburg"), PostalCode: new("22767"), Country: new("DE"), TaxID: new("DE123456789"),
		IsActive: true, CreatedAt: now.Add(time.Duration(number) * time.Microsecond), UpdatedAt: now, Version: 1,
	}
	resources.DeriveCompany(&c)
	return c
}

// companyBody is the same company as a request, with a unique code.
const companyBody = `{"code":"` + unique + `","name":"Nordlicht Versand","description":"Mail order of lamps and <lights>, with 12 shops & a warehouse",` +
	`"email":"office@nordlicht.example.com","phone":"+49 40 1234567","website":"https://nordlicht.example.com",` +
	`"address":{"line1":"Große Elbstraße 12","city":"Hamburg","postal_code":"22767","country":"DE"},"tax_id":"DE123456789"}`

func addAdmin(ctx context.Context, s *store.Store, tenantID uuid.UUID, email, hash string) (db.User, error) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	account := db.Account{
		ID: uuid.Must(uuid.NewV7()), Email: email, PasswordHash: hash, ManagedBy: &tenantID, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if err := s.InsertAccount(ctx, db.InsertAccountParams(account)); err != nil {
		return db.User{}, err
	}
	u := db.User{
		TenantID: tenantID, ID: uuid.Must(uuid.NewV7()), Email: email, AccountID: &account.ID, FullName: "Ada Admin", Role: "admin",
		IsActive: true, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	user.Derive(&u)
	return u, s.InsertUser(ctx, db.InsertUserParams(u))
}

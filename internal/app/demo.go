package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/pages"
	"github.com/tenantry/tenantry/internal/seed"
	"github.com/tenantry/tenantry/internal/store"
)

// demo returns the function that lists the log-ins of the demo data, or nil outside of development.
func (a *App) demo(cfg config.Config) func(context.Context) []pages.Login {
	if cfg.Environment != config.Development {
		return nil
	}
	return a.demoLogins
}

// demoLogins returns the public log-ins that exist in the database, or none if the database can't
// be read. A user of an ordinary tenant with the same address doesn't count.
func (a *App) demoLogins(ctx context.Context) []pages.Login {
	var logins []pages.Login
	for _, public := range seed.Logins() {
		account, err := auth.AccountByEmail(ctx, a.Store, public.Email)
		if err != nil {
			continue
		}
		user, err := auth.UserOf(ctx, a.Store, account, public.TenantID)
		if err != nil || !user.IsActive {
			continue
		}
		login := pages.Login{Email: public.Email, Password: public.Password, Who: "Superuser, in any tenant"}
		if public.TenantID != access.PlatformTenantID {
			tenant, err := a.Store.GetTenant(ctx, db.GetTenantParams{ID: user.TenantID})
			if err != nil {
				continue
			}
			login.Who = "Admin of " + tenant.Name
		}
		logins = append(logins, login)
	}
	return logins
}

// isDemoAddress reports whether an e-mail address is that of a public log-in.
func isDemoAddress(address string) bool {
	return slices.ContainsFunc(seed.Logins(), func(l seed.Login) bool { return l.Email == email.Normalize(address) })
}

// refuseDemoAccounts returns an error if the database has accounts whose passwords are public.
func refuseDemoAccounts(ctx context.Context, s *store.Store) error {
	found, err := demoAccounts(ctx, s)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("the database has demo accounts, whose passwords everybody knows: %s. Use another database", strings.Join(found, ", "))
	}
	return nil
}

// demoAccounts describes one account with the public password for each demo organisation that has
// any, and the superuser with the public password. Public log-ins and superusers are described by
// their addresses, others also by their organisations.
//
// It compares the ids of tenants and the passwords. Users of other tenants don't count, whatever
// their addresses.
func demoAccounts(ctx context.Context, s *store.Store) ([]string, error) {
	var found []string
	for _, public := range seed.Logins() {
		user, err := findPublicPassword(ctx, s, public)
		if err != nil {
			return nil, err
		}
		switch {
		case user == nil:
		case user.Email == public.Email || user.IsSuperuser:
			found = append(found, user.Email)
		default:
			tenant, err := s.GetTenant(ctx, db.GetTenantParams{ID: user.TenantID})
			if err != nil {
				return nil, err
			}
			found = append(found, fmt.Sprintf("%s of the demo organisation %s", user.Email, tenant.Name))
		}
	}
	return found, nil
}

// findPublicPassword returns the oldest user of a demo tenant with the public password, or nil if
// there is none.
func findPublicPassword(ctx context.Context, s *store.Store, public seed.Login) (*db.User, error) {
	const pageSize = 100
	passwords := auth.NewPasswords(bcrypt.MinCost)
	compared := map[string]bool{} // all users of a demo organisation begin with the same hash
	after := db.ListUsersByCreatedAtParams{TenantID: public.TenantID, AfterCreatedAt: time.Unix(0, 0).UTC(), Limit: pageSize}
	for {
		users, err := s.ListUsersByCreatedAt(ctx, after)
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			if u.IsInvited || !seed.MayHavePublicPassword(u) {
				continue
			}
			hash, err := auth.PasswordHashOf(ctx, s, u)
			if err != nil {
				return nil, err
			}
			if compared[hash] {
				continue
			}
			compared[hash] = true
			matches, err := passwords.Matches(ctx, hash, public.Password, 0)
			if err != nil {
				return nil, err
			}
			if matches {
				return &u, nil
			}
		}
		if len(users) < pageSize {
			return nil, nil //nolint:nilnil // nobody has it
		}
		after.AfterCreatedAt, after.AfterID = users[len(users)-1].CreatedAt, users[len(users)-1].ID
	}
}

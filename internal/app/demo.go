package app

import (
	"context"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/pages"
	"github.com/tenantry/tenantry/internal/seed"
)

// demo returns what tells the log-ins of the demo data, and nil where such data may not be: outside of development.
func (a *App) demo(cfg config.Config) func(context.Context) []pages.Login {
	if cfg.Environment != config.Development {
		return nil
	}
	return a.demoLogins
}

// demoLogins are those that are in the database; none if it can't be asked.
func (a *App) demoLogins(ctx context.Context) []pages.Login {
	var logins []pages.Login
	for _, email := range seed.Emails() {
		user, err := a.Store.GetUserByEmailUnscoped(ctx, db.GetUserByEmailUnscopedParams{Email: email})
		if err != nil || !user.IsActive {
			continue
		}
		login := pages.Login{Email: email, Password: seed.Password, Who: "Superuser, in any tenant"}
		if email == seed.SuperuserEmail {
			login.Password = seed.SuperuserPassword
		} else if tenant, err := a.Store.GetTenant(ctx, db.GetTenantParams{ID: user.TenantID}); err == nil {
			login.Who = "Admin of " + tenant.Name
		}
		logins = append(logins, login)
	}
	return logins
}

package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/tenantry/tenantry/internal/store"
)

// owner checks whether the user who migrates reaches the same database and owns its tables. Without
// findings it returns only the check of the schema's version.
func (p Patient) owner(ctx context.Context, s *store.Store, version Check) []Check {
	const name = "MIGRATIONS_DATABASE_URL"
	isSet := p.Config.MigrationsDatabaseURL.IsSet()
	if !isSet && !p.Config.AutoMigrate {
		return []Check{version} // MIGRATIONS_DATABASE_URL isn't set
	}
	user, migrates := "DATABASE_URL", s
	if isSet {
		owner, err := p.OpenOwnersStore(ctx)
		if err != nil {
			return []Check{version, {
				Name: version.Name, Result: Warning, Detail: err.Error(), Fix: "check " + name + "; only migrations need it",
			}}
		}
		defer owner.Close()
		user, migrates = name, owner
		same, err := s.IsSameDatabase(ctx, owner)
		if err == nil && !same {
			return []Check{version, {
				Name: version.Name, Result: Failed, Detail: store.ErrOtherDatabase.Error(), Fix: "let both name the same database, as different users",
			}}
		}
	}
	foreign, err := migrates.ForeignTables(ctx)
	switch {
	case err != nil:
		return []Check{version, {Name: version.Name, Result: Warning, Detail: err.Error(), Fix: "look at the database's own log"}}
	case len(foreign) > 0:
		return []Check{version, {
			Name: version.Name, Result: Warning,
			Detail: fmt.Sprintf("the user of %s doesn't own %s, so the next migration fails", user, strings.Join(foreign, ", ")),
			Fix:    fmt.Sprintf("as a superuser, for each of them: ALTER TABLE %s OWNER TO that user", foreign[0]),
		}}
	}
	return []Check{version}
}

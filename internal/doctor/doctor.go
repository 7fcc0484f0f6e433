// Package doctor examines an installation. It reports problems and says how to fix them.
package doctor

import (
	"context"
	"slices"
	"time"

	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

// Result is the outcome of a check.
type Result string

// The results.
const (
	OK      Result = "ok"
	Warning Result = "warning" // it works, but not as well as it could
	Failed  Result = "failed"  // the server doesn't start, or doesn't work
	Skipped Result = "skipped" // something before it failed
)

// Check describes one finding.
type Check struct {
	Name   string `json:"name"`
	Result Result `json:"result"`
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"` // what to do
}

const (
	timeout = 5 * time.Second
	// skewWorrying is less than the 30 seconds that tokens tolerate between the clocks of
	// instances.
	skewWorrying = 2 * time.Second
	skewTooMuch  = 20 * time.Second
)

// Redis is what the doctor asks a Redis server.
type Redis interface {
	Ping(ctx context.Context) error
	// Memory returns the memory limit in bytes, 0 for no limit, and the eviction policy.
	Memory(ctx context.Context) (limit int64, policy string, err error)
}

// Patient describes the installation to examine.
type Patient struct {
	Config    config.Config
	ConfigErr error
	// OpenStore connects to the database. It is called once, if the settings are valid.
	OpenStore func(ctx context.Context) (*store.Store, error)
	// OpenOwnersStore connects as the user who migrates, if MIGRATIONS_DATABASE_URL is set.
	OpenOwnersStore func(ctx context.Context) (*store.Store, error)
	Redis           Redis       // nil: not set up
	AuditKeys       *audit.Keys // nil: not known, because the settings are wrong
	// DemoAccounts returns the log-ins of the demo data that exist in a database.
	DemoAccounts func(ctx context.Context, s *store.Store) ([]string, error)
	Now          func() time.Time
}

// Examine checks, in this order: the settings; files with secrets or data; the database with its
// connections, cluster, schema, indexes, clock, isolation of tenants, accounts, audit trail,
// log-ins and departments; and Redis. It returns one check for each finding, or one that says that
// a part is fine.
func Examine(ctx context.Context, p Patient) []Check {
	if p.ConfigErr != nil {
		return append(settingsFaults(p.ConfigErr), skip(slices.Concat([]string{"files", "database"}, databaseChecks, []string{"redis"})...)...)
	}
	return slices.Concat(p.settings(), p.files(), p.database(ctx), p.redis(ctx))
}

// Worst returns the most serious result.
func Worst(checks []Check) Result {
	worst := OK
	for _, c := range checks {
		if c.Result == Failed {
			return Failed
		}
		if c.Result == Warning {
			worst = Warning
		}
	}
	return worst
}

// findings returns the findings about a part, or a check that says that it is fine.
func findings(name, well string, found []Check) []Check {
	if len(found) == 0 {
		return []Check{{Name: name, Result: OK, Detail: well}}
	}
	for i := range found {
		found[i].Name = name
	}
	return found
}

func skip(names ...string) []Check {
	checks := make([]Check, len(names))
	for i, name := range names {
		checks[i] = Check{Name: name, Result: Skipped, Detail: "not looked at: something before it failed"}
	}
	return checks
}

// Package doctor examines an installation: what is wrong with it, and what to do about that.
package doctor

import (
	"context"
	"slices"
	"time"

	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

// Result says how a check ended.
type Result string

// The results.
const (
	OK      Result = "ok"
	Warning Result = "warning" // it works, but not as well as it could
	Failed  Result = "failed"  // the server doesn't start, or doesn't work
	Skipped Result = "skipped" // something before it failed
)

// Check is what was found about one part.
type Check struct {
	Name   string `json:"name"`
	Result Result `json:"result"`
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"` // what to do
}

const (
	timeout = 5 * time.Second
	// Tokens are accepted from instances whose clocks are up to 30 seconds apart.
	skewWorrying = 2 * time.Second
	skewTooMuch  = 20 * time.Second
)

// Redis is what can be asked of it.
type Redis interface {
	Ping(ctx context.Context) error
	// Memory returns how many bytes it may take, 0 for any number, and what happens when it has taken them.
	Memory(ctx context.Context) (limit int64, policy string, err error)
}

// Patient is what can be examined.
type Patient struct {
	Config    config.Config
	ConfigErr error
	// OpenStore connects to the database; it is called once, if the settings are good.
	OpenStore func(ctx context.Context) (*store.Store, error)
	// OpenOwnersStore connects as the user who migrates, if MIGRATIONS_DATABASE_URL is set.
	OpenOwnersStore func(ctx context.Context) (*store.Store, error)
	Redis           Redis       // nil: not set up
	AuditKeys       *audit.Keys // nil: not known, because the settings are wrong
	// DemoAccounts returns the log-ins of the demo data that are in a database.
	DemoAccounts func(ctx context.Context, s *store.Store) ([]string, error)
	Now          func() time.Time
}

// Examine checks the settings, the files with secrets or data, the database with its connections, cluster, schema,
// indexes, clock, wall between tenants, accounts, audit trail, log-ins and departments, and Redis, in this order.
// What is fine makes one check; each finding is one of its own.
func Examine(ctx context.Context, p Patient) []Check {
	if p.ConfigErr != nil {
		return append(settingsFaults(p.ConfigErr), skip(slices.Concat([]string{"files", "database"}, databaseChecks, []string{"redis"})...)...)
	}
	return slices.Concat(p.settings(), p.files(), p.database(ctx), p.redis(ctx))
}

// Worst returns the result that a person has to look at first.
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

// findings returns what was found about a part, or that all is well with it.
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

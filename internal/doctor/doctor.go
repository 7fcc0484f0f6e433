// Package doctor examines an installation: what is wrong with it, and what to do about that.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

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

// Pinger is a part that can be asked for a sign of life.
type Pinger interface {
	Ping(ctx context.Context) error
}

// Patient is what can be examined.
type Patient struct {
	Config    config.Config
	ConfigErr error
	// OpenStore connects to the database; it is called once, if the settings are good.
	OpenStore func(ctx context.Context) (*store.Store, error)
	Redis     Pinger // nil: not set up
	// DemoAccounts returns the log-ins of the demo data that are in a database.
	DemoAccounts func(ctx context.Context, s *store.Store) ([]string, error)
	Now          func() time.Time
}

// Examine checks the settings, the database, its schema and clock, Redis and the accounts, in this order.
func Examine(ctx context.Context, p Patient) []Check {
	if p.ConfigErr != nil {
		return append(settingsFaults(p.ConfigErr), skip("database", "schema", "clock", "redis", "accounts")...)
	}
	checks := []Check{p.settings()}
	return append(append(checks, p.database(ctx)...), p.redis(ctx))
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

func skip(names ...string) []Check {
	checks := make([]Check, len(names))
	for i, name := range names {
		checks[i] = Check{Name: name, Result: Skipped, Detail: "not looked at: something before it failed"}
	}
	return checks
}

func settingsFaults(err error) []Check {
	var faults *config.Faults
	if !errors.As(err, &faults) {
		return []Check{{Name: "settings", Result: Failed, Detail: err.Error()}}
	}
	var checks []Check
	for _, f := range faults.List {
		checks = append(checks, Check{Name: "settings", Result: Failed, Detail: f.Name + " " + f.Expected, Fix: "change " + f.Name + " in the environment or in .env"})
	}
	return checks
}

func (p Patient) settings() Check {
	c := Check{Name: "settings", Result: OK, Detail: fmt.Sprintf("complete, for %s", p.Config.Environment)}
	switch {
	case p.Config.Environment == config.Development:
		c.Result, c.Detail = Warning, "for development: dangerous values are accepted"
		c.Fix = "where it matters, set ENVIRONMENT=production"
	case p.Config.SecretKeyPrevious.IsSet():
		c.Result, c.Detail = Warning, "SECRET_KEY_PREVIOUS is still accepted"
		c.Fix = fmt.Sprintf("take it away %d days after the change of SECRET_KEY", int(p.Config.RefreshTokenTTL.Hours()/24))
	}
	return c
}

// database checks the database and what is in it.
func (p Patient) database(ctx context.Context) []Check {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	s, err := p.OpenStore(ctx)
	if err != nil {
		failed := Check{Name: "database", Result: Failed, Detail: err.Error(), Fix: "check DATABASE_URL, and that the database runs and lets this machine in"}
		return append([]Check{failed}, skip("schema", "clock", "accounts")...)
	}
	defer s.Close()
	start := p.Now()
	if err := s.Ping(ctx); err != nil {
		failed := Check{Name: "database", Result: Failed, Detail: err.Error(), Fix: "look at the database's own log"}
		return append([]Check{failed}, skip("schema", "clock", "accounts")...)
	}
	checks := []Check{
		{Name: "database", Result: OK, Detail: fmt.Sprintf("%s answers in %s", s.Engine(), p.Now().Sub(start).Round(10*time.Microsecond))},
		schema(ctx, s),
		p.clock(ctx, s),
	}
	if checks[1].Result == Failed {
		return append(checks, skip("accounts")...)
	}
	return append(checks, p.accounts(ctx, s))
}

func schema(ctx context.Context, s *store.Store) Check {
	c := Check{Name: "schema", Result: OK}
	current, needed, err := s.SchemaVersion(ctx)
	switch {
	case err != nil:
		c.Result, c.Detail = Failed, err.Error()
	case current < needed:
		c.Result, c.Detail, c.Fix = Failed, fmt.Sprintf("has version %d, and this program needs %d", current, needed), "run: tenantry migrate up"
	case current > needed:
		c.Result, c.Detail = Failed, fmt.Sprintf("has version %d, and this program knows only %d", current, needed)
		c.Fix = "use the program that migrated it, or a newer one"
	default:
		c.Detail = fmt.Sprintf("has version %d, as needed", current)
	}
	return c
}

func (p Patient) clock(ctx context.Context, s *store.Store) Check {
	c := Check{Name: "clock", Result: OK}
	there, err := s.Now(ctx)
	if err != nil {
		c.Result, c.Detail = Failed, err.Error()
		return c
	}
	skew := p.Now().Sub(there).Abs()
	c.Detail = fmt.Sprintf("%s apart from the database's", skew.Round(time.Millisecond))
	if skew > skewWorrying {
		c.Result, c.Fix = Warning, "let both machines take their time from the same source (NTP)"
	}
	if skew > skewTooMuch {
		c.Result = Failed
	}
	return c
}

func (p Patient) accounts(ctx context.Context, s *store.Store) Check {
	c := Check{Name: "accounts", Result: OK, Detail: "no demo accounts"}
	found, err := p.DemoAccounts(ctx, s)
	switch {
	case err != nil:
		c.Result, c.Detail = Failed, err.Error()
	case len(found) > 0 && p.Config.Environment == config.Development:
		c.Detail = "demo accounts, whose passwords everybody knows; fine in development"
	case len(found) > 0:
		c.Result, c.Detail = Failed, "demo accounts, whose passwords everybody knows: "+strings.Join(found, ", ")
		c.Fix = "use another database: the server refuses to start with this one"
	}
	return c
}

func (p Patient) redis(ctx context.Context) Check {
	c := Check{Name: "redis", Result: OK, Detail: "not set up: each instance has rate limits of its own"}
	if p.Redis == nil {
		return c
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	start := p.Now()
	if err := p.Redis.Ping(ctx); err != nil {
		c.Result, c.Detail = Warning, err.Error()+"; until it answers, each instance has rate limits of its own"
		c.Fix = "check REDIS_URL, and that Redis runs and lets this machine in"
		return c
	}
	c.Detail = fmt.Sprintf("answers in %s", p.Now().Sub(start).Round(10*time.Microsecond))
	return c
}

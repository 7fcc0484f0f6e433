package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/dburl"
)

// The checks that need the database, in their order. The rowChecks also need the right schema.
var (
	rowChecks      = []string{"isolation", "accounts", "audit", "clients", "departments"}
	databaseChecks = append([]string{"connections", "cluster", "schema", "indexes", "clock"}, rowChecks...)
)

// database checks the database and its content.
func (p Patient) database(parent context.Context) []Check {
	ctx, cancel := context.WithTimeout(parent, timeout)
	defer cancel()
	s, err := p.OpenStore(ctx)
	if err != nil {
		failed := Check{Name: "database", Result: Failed, Detail: err.Error(), Fix: "check DATABASE_URL, and that the database runs and lets this machine in"}
		return append([]Check{failed}, skip(databaseChecks...)...)
	}
	defer s.Close()
	start := p.Now()
	if err := s.Ping(ctx); err != nil {
		failed := Check{Name: "database", Result: Failed, Detail: err.Error(), Fix: "look at the database's own log"}
		return append([]Check{failed}, skip(databaseChecks...)...)
	}
	version := schema(ctx, s)
	checks := slices.Concat(
		p.encryption(ctx, s, fmt.Sprintf("%s answers in %s", s.Engine(), p.Now().Sub(start).Round(10*time.Microsecond))),
		p.connections(ctx, s), p.cluster(ctx, s), p.owner(ctx, s, version),
	)
	if version.Result == Failed {
		return slices.Concat(checks, skip("indexes"), []Check{p.clock(ctx, s)}, skip(rowChecks...))
	}
	return slices.Concat(checks, indexes(ctx, s), []Check{p.clock(ctx, s)}, p.isolation(ctx, s), p.accounts(ctx, s), p.audit(ctx, s), p.clients(ctx, s),
		p.departments(parent, s))
}

// indexes warns about missing indexes and constraints, and about indexes that PostgreSQL doesn't
// use.
func indexes(ctx context.Context, s *store.Store) []Check {
	const name = "indexes"
	faults, err := s.SchemaFaults(ctx)
	if err != nil {
		return findings(name, "", []Check{{Result: Warning, Detail: err.Error(), Fix: "look at the database's own log"}})
	}
	var found []Check
	for _, f := range faults {
		c := Check{Result: Warning, Detail: f.Name + " is missing", Fix: fmt.Sprintf("as the owner, make it as gen/migrations/%s/%s does: %s", s.Engine(), f.File, f.Line)}
		if f.Invalid {
			c.Detail = f.Name + " is invalid and never used: its creation was interrupted"
			c.Fix = "as the owner: REINDEX INDEX CONCURRENTLY " + f.Name
		}
		if f.Invalid && f.File == "" {
			c.Fix = "as the owner: DROP INDEX CONCURRENTLY " + f.Name
		}
		found = append(found, c)
	}
	return findings(name, "all indexes and constraints of the migrations are there", found)
}

func schema(ctx context.Context, s *store.Store) Check {
	c := Check{Name: "schema", Result: OK}
	current, needed, err := s.SchemaVersion(ctx)
	if err == nil {
		err = s.CheckSchema(ctx)
	}
	_, mismatch := errors.AsType[*store.SchemaMismatch](err)
	switch {
	case err != nil && !mismatch:
		c.Result, c.Detail = Failed, err.Error()
	case current < needed:
		c.Result, c.Detail, c.Fix = Failed, fmt.Sprintf("has version %d, and this program needs %d", current, needed), "run: tenantry migrate up"
	case mismatch:
		c.Result, c.Detail = Failed, fmt.Sprintf("has version %d, and this program knows only %d", current, needed)
		c.Fix = "use the program that migrated it, or a newer one"
	case current > needed:
		c.Detail = fmt.Sprintf("has version %d, and this program knows only %d, but runs with it", current, needed)
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

// encryption warns if others may eavesdrop on the connection to the database.
func (p Patient) encryption(ctx context.Context, s *store.Store, well string) []Check {
	if p.Config.Environment == config.Development || isLocal(p.Config.DatabaseURL.Reveal()) {
		return findings("database", well, nil)
	}
	encrypted, err := s.Encrypted(ctx)
	switch {
	case err != nil:
		return findings("database", "", []Check{{Result: Warning, Detail: err.Error(), Fix: "look at the database's own log"}})
	case encrypted:
		return findings("database", well, nil)
	}
	fix := "if others can reach that network, add sslmode=verify-full to DATABASE_URL"
	if s.Engine() == store.MySQL {
		fix = "if others can reach that network, add tls=true to DATABASE_URL"
	}
	return findings("database", "", []Check{{Result: Warning, Detail: well + ", but the connection is not encrypted", Fix: fix}})
}

// isLocal reports whether a database URL leads only to this machine.
func isLocal(databaseURL string) bool {
	u, err := dburl.Parse(databaseURL)
	return err == nil && u.IsLocal()
}

// connections compares the connections that one instance may open with the limit of the server.
func (p Patient) connections(ctx context.Context, s *store.Store) []Check {
	limit, err := s.MaxConnections(ctx)
	if err != nil {
		return findings("connections", "", []Check{{Result: Warning, Detail: err.Error(), Fix: "look at the database's own log"}})
	}
	ours := p.Config.DatabaseMaxConnections + s.ConnectionsBeside()
	switch {
	case limit == 0:
		return findings("connections", "there is no server", nil)
	case ours > limit:
		return findings("connections", "", []Check{{
			Result: Warning, Detail: fmt.Sprintf("one instance may open %d, but the server takes %d from everybody", ours, limit),
			Fix: "lower DATABASE_MAX_CONNECTIONS, or raise the server's max_connections",
		}})
	}
	return findings("connections", fmt.Sprintf("one instance may open %d of the server's %d: room for %d", ours, limit, limit/ours), nil)
}

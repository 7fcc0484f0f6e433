package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenantry/tenantry/gen/db/postgres"
)

// scope tells PostgreSQL whose rows a statement may see in the tables of tenants, whatever the
// statement's conditions are. See docs/adr/0012-row-level-security.md. The zero value sees no
// tenant's rows.
type scope struct {
	tenant   uuid.UUID
	scoped   bool // to one tenant
	unscoped bool // may read all tenants' rows
}

// runner runs statements. It is a pool or a transaction.
type runner interface {
	run(ctx context.Context, as scope, text string, args []any) (*postgresRows, error)
	exec(ctx context.Context, as scope, text string, args []any) (pgconn.CommandTag, error)
}

// postgresConn implements the interface that the generated queries use.
type postgresConn struct{ runner runner }

func (c postgresConn) Tenant(id uuid.UUID) postgres.DBTX {
	return scoped{c.runner, scope{tenant: id, scoped: true}}
}
func (c postgresConn) Unscoped() postgres.DBTX { return scoped{c.runner, scope{unscoped: true}} }
func (c postgresConn) Shared() postgres.DBTX   { return scoped{c.runner, scope{}} }

// scoped runs statements in a scope.
type scoped struct {
	runner runner
	scope  scope
}

func (s scoped) Query(ctx context.Context, text string, args ...any) (pgx.Rows, error) {
	rows, err := s.runner.run(ctx, s.scope, text, args)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

func (s scoped) QueryRow(ctx context.Context, text string, args ...any) pgx.Row {
	rows, err := s.runner.run(ctx, s.scope, text, args)
	return postgresRow{rows, err}
}

func (s scoped) Exec(ctx context.Context, text string, args ...any) (pgconn.CommandTag, error) {
	return s.runner.exec(ctx, s.scope, text, args)
}

// executed reads rows to their end and returns the command tag.
func executed(rows *postgresRows, err error) (pgconn.CommandTag, error) {
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	rows.Close()
	return rows.CommandTag(), rows.Err()
}

// servingRole is the role for serving requests, which the first migration creates. It owns nothing
// and can't bypass the policies.
const servingRole = "tenantry_serving"

// settings are the settings that the policies read, and the role if it must be switched. They end
// with the transaction.
type settings struct {
	text  string
	scope scope
}

const (
	setTenant  = "SELECT set_config('app.tenant_id', $1::uuid::text, true)"
	setScope   = "SELECT set_config('app.tenant_id', $1::uuid::text, true), set_config('app.unscoped', $2, true)"
	switchRole = ", set_config('role', '" + servingRole + "', true)"
	// planOnce is for lists without filters. They read an index in its order, whatever the values,
	// so they are planned once. Without force_generic_plan PostgreSQL would plan each execution for
	// a tenant that has more rows than the average. Without enable_sort = off it may read and sort
	// all rows of a tenant, because the plan expects an average tenant.
	planOnce = ", set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_sort', 'off', true)"
)

// to returns the settings that change the scope of a transaction to other and, if switches is true,
// the role. It returns nil if there is nothing to change.
func (s scope) to(other scope, switches bool) *settings {
	switch {
	case switches:
		return &settings{setScope + switchRole, other}
	case other == s:
		return nil
	case other.scoped && !s.unscoped:
		return &settings{setTenant, other}
	default:
		return &settings{setScope, other}
	}
}

// values returns the parameters that the SQL text may use, in binary format.
func (s *settings) values(on *statements) [][]byte {
	on.settings = [2][]byte{nil, {}}
	if s.scope.scoped {
		on.tenant = s.scope.tenant
		on.settings[0] = on.tenant[:]
	}
	if s.scope.unscoped {
		on.settings[1] = []byte("on")
	}
	return on.settings[:]
}

// run runs one statement on a connection of the pool.
func (d *postgresDriver) run(ctx context.Context, as scope, text string, args []any) (*postgresRows, error) {
	conn, err := connection(ctx, d.pool.Acquire)
	if err != nil {
		return nil, err
	}
	rows, err := statementsOf(conn.Conn()).runAfter(ctx, scope{}.to(as, d.switched.Load()), text, args)
	if err != nil {
		conn.Release()
		return nil, err
	}
	rows.taken = conn
	return rows, nil
}

func (d *postgresDriver) exec(ctx context.Context, as scope, text string, args []any) (pgconn.CommandTag, error) {
	return executed(d.run(ctx, as, text, args))
}

// runAfter sends settings and a statement in one round trip, as a transaction of their own. The
// settings end with it.
func (s *statements) runAfter(ctx context.Context, set *settings, text string, args []any) (*postgresRows, error) {
	var p pipeline
	stmt := statementOf(text, args)
	if set != nil {
		if s.isPlannedOnce(stmt) {
			set.text += planOnce
		}
		if err := s.set(ctx, &p, set); err != nil {
			return nil, err
		}
	}
	return s.run(ctx, &p, stmt, args)
}

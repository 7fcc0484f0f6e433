package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tenantry/tenantry/gen/db"
)

// maxDeferred limits how many statements are deferred, so that importing a lot of rows takes no
// more memory than a request.
const maxDeferred = 100

// postgresTx is a transaction whose BEGIN is sent in the same round trip as its first statement.
// See docs/adr/0015-round-trips.md.
type postgresTx struct {
	d        *postgresDriver
	conn     *pgxpool.Conn // nil after the end
	pipeline pipeline      // statements to send with the next one
	begun    bool          // BEGIN is at least in the pipeline
	sent     bool          // BEGIN has been sent
	scope    scope         // of the previous statement
	switched bool          // to the serving role
}

func (d *postgresDriver) begin(ctx context.Context) (tx, error) {
	conn, err := connection(ctx, d.pool.Acquire)
	if err != nil {
		return nil, translatePostgres(err)
	}
	return &postgresTx{d: d, conn: conn}, nil
}

func (t *postgresTx) querier() db.Querier {
	return db.NewPostgres(postgresConn{t}, mapper(translatePostgres))
}

// prepare adds to the pipeline what must precede a statement: BEGIN, and the settings that differ
// from those of the statement before. A statement with the zero scope may keep the tenant of the
// previous one, but not access to all tenants' rows.
func (t *postgresTx) prepare(ctx context.Context, as scope) (*statements, error) {
	if t.conn == nil {
		return nil, pgx.ErrTxClosed
	}
	s := statementsOf(t.conn.Conn())
	if !t.begun {
		t.pipeline.command("BEGIN")
		if t.d.pooled.Load() { // the session of a pooler isn't set up
			t.pipeline.command("SET LOCAL " + t.d.idleInTransaction)
			t.pipeline.command("SET LOCAL " + t.d.lockTimeout)
		}
		t.begun = true
	}
	if as == (scope{}) && !t.scope.unscoped {
		as = t.scope
	}
	switched := t.d.switched.Load()
	set := t.scope.to(as, switched && !t.switched)
	if set == nil {
		return s, nil
	}
	if err := s.set(ctx, &t.pipeline, set); err != nil {
		return nil, err
	}
	t.scope, t.switched = as, switched
	return s, nil
}

func (t *postgresTx) run(ctx context.Context, as scope, text string, args []any) (*postgresRows, error) {
	s, err := t.prepare(ctx, as)
	if err != nil {
		return nil, err
	}
	t.sent = true
	return s.run(ctx, &t.pipeline, statementOf(text, args), args)
}

// exec defers a statement: it is sent together with the next one, or with COMMIT, because no caller
// inspects its result before. Its error is returned by the call that sends it.
func (t *postgresTx) exec(ctx context.Context, as scope, text string, args []any) (pgconn.CommandTag, error) {
	name := nameOf(text)
	if !db.Deferred[name] || len(t.pipeline.names) >= maxDeferred {
		return executed(t.run(ctx, as, text, args))
	}
	s, err := t.prepare(ctx, as)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	_, err = s.queue(ctx, &t.pipeline, name, statementOf(text, args), args)
	return pgconn.CommandTag{}, err
}

// commit sends the deferred statements and COMMIT. After an error the server skips the rest, so
// that it never commits a part.
func (t *postgresTx) commit(ctx context.Context) error {
	if !t.begun {
		t.release()
		return nil
	}
	// A commit that has begun isn't cancelled, because its outcome would be unknown.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	before := len(t.pipeline.names)
	t.pipeline.command("COMMIT")
	t.sent = true
	results, answered, err := statementsOf(t.conn.Conn()).send(ctx, &t.pipeline)
	if err == nil {
		var tag pgconn.CommandTag
		tag, err = results.ResultReader().Close()
		if closeErr := results.Close(); err == nil {
			err = closeErr
		}
		if err == nil && tag.String() != "COMMIT" {
			return pgx.ErrTxCommitRollback // COMMIT of a failed transaction rolls back
		}
	}
	if err == nil {
		t.release()
		return nil
	}
	if _, refused := errors.AsType[*pgconn.PgError](err); refused && answered < before {
		return translatePostgres(err) // a statement before the commit failed
	}
	// pgconn.SafeToRetry isn't used: it returns true for some errors that occur after the commit
	// has been sent.
	return undecided(translatePostgres(err))
}

func (t *postgresTx) rollback(ctx context.Context) error {
	if t.conn == nil {
		return nil
	}
	defer t.release()
	if !t.sent {
		return nil
	}
	_, err := t.conn.Conn().PgConn().Exec(ctx, "ROLLBACK").ReadAll()
	return err
}

// release gives the connection back. The pool closes a connection that is still in a transaction.
func (t *postgresTx) release() {
	t.conn.Release()
	t.conn = nil
}

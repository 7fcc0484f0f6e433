package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/jackc/puddle/v2"

	"github.com/tenantry/tenantry/gen/db"
)

type postgresDriver struct {
	pool *pgxpool.Pool
	std  *sql.DB
}

func openPostgres(ctx context.Context, databaseURL string, opts Options) (database, db.Querier, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		// pgx hides passwords only in URLs that it can read.
		return nil, nil, errors.New("the URL must be like postgres://user:password@host:5432/name")
	}
	config.MaxConns = int32(opts.MaxConnections) //nolint:gosec // the settings allow 1000 at most
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, nil, fmt.Errorf("make pool: %w", err)
	}
	return &postgresDriver{pool: pool, std: stdlib.OpenDBFromPool(pool)}, db.NewPostgres(postgresPlanned{pool}, mapper(translatePostgres)), nil
}

func (d *postgresDriver) begin(ctx context.Context) (tx, error) {
	t, err := d.pool.Begin(ctx)
	if err != nil {
		return nil, translatePostgres(err)
	}
	return postgresTx{t}, nil
}

func (d *postgresDriver) ping(ctx context.Context) error {
	if err := d.pool.Ping(ctx); err != nil {
		return translatePostgres(err)
	}
	return nil
}

func (d *postgresDriver) sqlDB() *sql.DB { return d.std }

func (d *postgresDriver) close() {
	_ = d.std.Close()
	d.pool.Close()
}

type postgresTx struct{ tx pgx.Tx }

func (t postgresTx) querier() db.Querier {
	return db.NewPostgres(postgresPlanned{t.tx}, mapper(translatePostgres))
}

func (t postgresTx) commit(ctx context.Context) error {
	// A commit that has begun isn't cut off: nobody would know whether it has happened.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if err := t.tx.Commit(ctx); err != nil {
		return translatePostgres(err)
	}
	return nil
}

func (t postgresTx) rollback(ctx context.Context) error { return t.tx.Rollback(ctx) }

// translatePostgres knows the codes of PostgreSQL, appendix A.
func translatePostgres(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		var connect *pgconn.ConnectError
		if common := translateCommon(err); common != nil {
			return common
		}
		if errors.As(err, &connect) || errors.Is(err, puddle.ErrClosedPool) || pgconn.SafeToRetry(err) {
			return unavailable(err)
		}
		return err
	}
	switch e.Code {
	case "23505":
		return &Violation{Kind: Unique, Constraint: e.ConstraintName, cause: err}
	case "23503":
		return &Violation{Kind: ForeignKey, Constraint: e.ConstraintName, cause: err}
	case "23514":
		return &Violation{Kind: Check, Constraint: e.ConstraintName, cause: err}
	case "40001", "40P01", "55P03": // serialization failure, deadlock, lock not available
		return contended(err)
	case "53300", "25006": // too many connections; read-only, as a server that has become a standby
		return unavailable(err)
	}
	if strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "57P") { // connection lost, server shutting down
		return unavailable(err)
	}
	return err
}

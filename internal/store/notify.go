package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

var errPooled = fmt.Errorf("something like pgbouncer is between here and PostgreSQL, and LISTEN doesn't work through it: %w", errors.ErrUnsupported)

// Channel is what those say to each other who use the same PostgreSQL database, under a name (LISTEN and NOTIFY).
type Channel struct {
	driver *postgresDriver
	name   string
}

// channelPrefix is what all channels of ours begin with.
const channelPrefix = "tenantry_"

// Channel returns the one with a name; nil if the engine has none.
func (s *Store) Channel(name string) *Channel {
	d, ok := s.database.(*postgresDriver)
	if !ok {
		return nil
	}
	return &Channel{d, channelPrefix + name}
}

// Publish tells all who listen. The text has less than 8000 bytes.
func (c *Channel) Publish(ctx context.Context, text string) error {
	// Nothing is written that a disk or a standby would have to have first. The statement has no name, for pgbouncer.
	_, err := c.driver.pool.Exec(ctx, "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)", pgx.QueryExecModeExec, c.name, text)
	if err != nil {
		return fmt.Errorf("notify: %w", translatePostgres(err))
	}
	return nil
}

// Listen calls ready when it has begun to listen, and then hear with each text, on a connection beside the pool, until ctx ends or
// the connection does. Through something like pgbouncer the error is errors.ErrUnsupported, and nothing has been tried: the
// subscription would stay with a connection that others use.
func (c *Channel) Listen(ctx context.Context, ready func(), hear func(text string)) error {
	if c.driver.pooled.Load() {
		return errPooled
	}
	conn, err := pgx.ConnectConfig(ctx, c.driver.pool.Config().ConnConfig)
	if err != nil {
		return fmt.Errorf("connect to listen: %w", translatePostgres(err))
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if err := c.driver.prepare(ctx, conn, c.driver.session()); err != nil {
		return fmt.Errorf("prepare to listen: %w", translatePostgres(err))
	}
	if c.driver.pooled.Load() {
		return errPooled
	}
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{c.name}.Sanitize()); err != nil {
		return fmt.Errorf("listen: %w", translatePostgres(err))
	}
	ready()
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("wait for a notification: %w", translatePostgres(err))
		}
		hear(n.Payload)
	}
}

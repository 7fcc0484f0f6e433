package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

var errPooled = fmt.Errorf("something like pgbouncer is between here and PostgreSQL, and LISTEN doesn't work through it: %w", errors.ErrUnsupported)

// Channel sends messages between processes that use the same PostgreSQL database (LISTEN and
// NOTIFY).
type Channel struct {
	driver *postgresDriver
	name   string
}

// channelPrefix begins the name of each channel.
const channelPrefix = "tenantry_"

// Channel returns the channel with this name, or nil if the engine has no channels.
func (s *Store) Channel(name string) *Channel {
	d, ok := s.database.(*postgresDriver)
	if !ok {
		return nil
	}
	return &Channel{d, channelPrefix + name}
}

// Publish sends text to all listeners. The text must be shorter than 8000 bytes.
func (c *Channel) Publish(ctx context.Context, text string) error {
	// The commit needn't wait for the disk or a standby, because it writes nothing that must be
	// durable. The statement has no name, for pgbouncer.
	_, err := c.driver.pool.Exec(ctx, "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)", pgx.QueryExecModeExec, c.name, text)
	if err != nil {
		return fmt.Errorf("notify: %w", translatePostgres(err))
	}
	return nil
}

// Listen subscribes on a connection outside of the pool. It calls ready once it is subscribed, and
// then hear with each message, until ctx ends or the connection fails. Behind a pooler such as
// pgbouncer it returns errors.ErrUnsupported without subscribing, because the subscription would
// stay on a connection that others use.
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

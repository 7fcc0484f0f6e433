package store

import (
	"context"
	"database/sql/driver"
	"errors"
)

// Killed returns a store whose migrations end as if the process were killed right after its n-th
// statement or commit. The statement is executed, but its answer and the connection are lost.
func (s *Store) Killed(n int) *Store { return s.after(n, (*killable).die) }

// After returns a store that calls f after the n-th statement of its migrations.
func (s *Store) After(n int, f func()) *Store {
	return s.after(n, func(*killable) error { f(); return nil })
}

func (s *Store) after(n int, f func(*killable) error) *Store {
	changed := *s
	changed.database = killing{database: s.database, count: &count{left: n, then: f}}
	return &changed
}

// MigrateUpTo applies the missing migrations up to a version.
func (s *Store) MigrateUpTo(ctx context.Context, version int64) error {
	_, err := s.migrateUpTo(ctx, version)
	return err
}

// killing is a database that interrupts only migrations.
type killing struct {
	database

	count *count
}

type count struct {
	left int
	then func(*killable) error
}

func (k killing) connector() driver.Connector {
	return killableConnector{k.database.connector(), k.count}
}

type killableConnector struct {
	driver.Connector

	count *count
}

func (c killableConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	return &killable{Conn: conn, count: c.count}, err
}

type killable struct {
	driver.Conn

	count *count
	dead  bool
}

func (c *killable) die() error {
	c.dead = true
	return errors.Join(driver.ErrBadConn, c.Conn.Close())
}

func (c *killable) carriedOut() error {
	if c.count.left--; c.count.left != 0 {
		return nil
	}
	return c.count.then(c)
}

func (c *killable) Close() error {
	if c.dead {
		return nil
	}
	return c.Conn.Close()
}

func (c *killable) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *killable) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args) //nolint:forcetypeassert // all of ours have it
}

func (c *killable) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args) //nolint:forcetypeassert // as above
	if err == nil {
		err = c.carriedOut()
	}
	return result, err
}

func (c *killable) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts) //nolint:forcetypeassert // as above
	return killableTx{tx, c}, err
}

type killableTx struct {
	driver.Tx

	conn *killable
}

func (t killableTx) Commit() error {
	if err := t.Tx.Commit(); err != nil {
		return err
	}
	return t.conn.carriedOut()
}

func (t killableTx) Rollback() error {
	if t.conn.dead {
		return nil
	}
	return t.Tx.Rollback()
}

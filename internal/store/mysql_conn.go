package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// strictConnector makes connections that the pool discards after a failed COMMIT or ROLLBACK. The
// server may still have the transaction open and would refuse to begin another one on the same
// connection (error 1568).
type strictConnector struct{ driver.Connector }

func (c strictConnector) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := made.(mysqlConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("connections of type %T can't be used", made), made.Close())
	}
	return &strictConn{mysqlConn: conn}, nil
}

// mysqlConn lists the interfaces of the driver's connection that database/sql uses.
type mysqlConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type strictConn struct {
	mysqlConn

	failed bool
}

// IsValid is called by database/sql before the connection goes back to the pool.
func (c *strictConn) IsValid() bool { return !c.failed && c.mysqlConn.IsValid() }

func (c *strictConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	t, err := c.mysqlConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return strictTx{t, c}, nil
}

type strictTx struct {
	driver.Tx

	conn *strictConn
}

func (t strictTx) Commit() error {
	err := t.Tx.Commit()
	// A deadlock has rolled the transaction back, and is common between nodes of a cluster.
	t.conn.failed = err != nil && !errors.Is(translateMySQL(err), errContended)
	return err
}

func (t strictTx) Rollback() error {
	err := t.Tx.Rollback()
	t.conn.failed = err != nil
	return err
}

// pingMySQL runs a statement that changes nothing. A node that has lost its Galera cluster refuses
// this statement, although it still answers protocol pings and statements that read no table.
func pingMySQL(ctx context.Context, pool *sql.DB) error {
	_, err := pool.ExecContext(ctx, "ROLLBACK")
	return err
}

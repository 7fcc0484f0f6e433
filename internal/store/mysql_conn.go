package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// strictConnector makes connections that are closed once a COMMIT or ROLLBACK has failed. The server may still have
// the transaction, and would refuse to begin another one on that connection (error 1568).
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

// mysqlConn is what database/sql uses of a connection of the driver.
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

// IsValid is asked before the connection goes back to the pool.
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
	// A deadlock has rolled back, and is common between nodes of a cluster.
	t.conn.failed = err != nil && !errors.Is(translateMySQL(err), errContended)
	return err
}

func (t strictTx) Rollback() error {
	err := t.Tx.Rollback()
	t.conn.failed = err != nil
	return err
}

// pingMySQL asks with a statement that does nothing. A node that isn't in its Galera cluster refuses it, as all that a
// transaction needs, while it answers pings and whatever reads no table.
func pingMySQL(ctx context.Context, pool *sql.DB) error {
	_, err := pool.ExecContext(ctx, "ROLLBACK")
	return err
}

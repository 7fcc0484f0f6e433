package store

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/errs"
)

const (
	// connectionWait limits how long a transaction or query waits for a connection of the pool. It
	// equals lockWait, because the holders of the connections mostly wait for a lock themselves.
	connectionWait = 5 * time.Second
	// usedUpRetry is the Retry-After of requests that got no connection.
	usedUpRetry = 2 * time.Second
)

// connection calls take to get a connection of a pool. It returns errs.Busy if none becomes free in
// time.
func connection[Conn any](ctx context.Context, take func(context.Context) (Conn, error)) (Conn, error) {
	waitCtx, cancel := context.WithTimeout(ctx, connectionWait)
	defer cancel()
	conn, err := take(waitCtx)
	if err != nil && waitCtx.Err() != nil && ctx.Err() == nil {
		err = errs.New(errs.Busy, "All connections to the database are in use. Try again in a moment.").After(usedUpRetry)
	}
	return conn, err
}

package store

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/internal/errs"
)

const (
	// connectionWait is how long a transaction or query waits for a connection of the pool at most. It is as long as lockWait,
	// because the others mostly hold theirs while they wait for a lock.
	connectionWait = 5 * time.Second
	// usedUpRetry is the Retry-After of requests that get no connection.
	usedUpRetry = 2 * time.Second
)

// connection takes a connection of a pool with take. The error is errs.Busy if none becomes free in time.
func connection[Conn any](ctx context.Context, take func(context.Context) (Conn, error)) (Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, connectionWait)
	defer cancel()
	conn, err := take(waiting)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		err = errs.New(errs.Busy, "All connections to the database are in use. Try again in a moment.").After(usedUpRetry)
	}
	return conn, err
}

package store

import "context"

// eachRow runs a query, and calls f each time when a row has been read into dest.
func eachRow(ctx context.Context, db reader, query string, f func(), dest ...any) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		f()
	}
	return rows.Err()
}

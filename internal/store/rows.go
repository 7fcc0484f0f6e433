package store

import "context"

// eachRow runs a query. For each row it scans the values into dest and then calls f.
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

package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

const starts = 11

// printStart measures the time from the start of the program to its first reply with status 200, on
// a migrated database.
func (b *bench) printStart(ctx context.Context, i *installation) error {
	var times []float64
	for range starts {
		began := time.Now()
		s, err := startSystem(ctx, b.space, "tenantry", i.dir, i.env, b.binary, "serve")
		if err != nil {
			return err
		}
		_, err = call(ctx, s.url, request{method: http.MethodGet, path: "/api/healthz"}, http.StatusOK)
		times = append(times, float64(time.Since(began))/float64(time.Millisecond))
		s.kill()
		if err != nil {
			return err
		}
	}
	fmt.Printf("\nStart to the first 200 on a migrated database: %.0f ms (median of %d).\n", median(times), starts)
	return nil
}

package store

import (
	"fmt"
	"strings"
	"sync"

	"modernc.org/sqlite"

	"github.com/tenantry/tenantry/openapi"
)

// decimalCollation orders columns of decimal numbers, which SQLite stores as text. The sqlite3
// shell has a collation with the same name and order, so it can read, check and copy such a
// database.
const decimalCollation = "decimal"

// registerCollations makes the collations available to all connections that are opened later.
var registerCollations = sync.OnceValue(func() error {
	if err := sqlite.RegisterCollationUtf8(decimalCollation, compareDecimals); err != nil {
		return fmt.Errorf("register collation: %w", err)
	}
	return nil
})

// compareDecimals compares two texts as numbers. Texts that aren't decimal numbers come last,
// ordered by their bytes.
func compareDecimals(a, b string) int {
	x, errX := openapi.ParseDecimal(a)
	y, errY := openapi.ParseDecimal(b)
	switch {
	case errX == nil && errY == nil:
		return x.Cmp(y.Decimal)
	case errX == nil:
		return -1
	case errY == nil:
		return 1
	default:
		return strings.Compare(a, b)
	}
}

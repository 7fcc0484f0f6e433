package store

import (
	"fmt"
	"strings"
	"sync"

	"modernc.org/sqlite"

	"github.com/tenantry/tenantry/openapi"
)

// decimalCollation compares the columns with decimal numbers, which SQLite has as texts. The sqlite3 shell has a collation with this name
// and this order, too, so it can read, check and copy such a database.
const decimalCollation = "decimal"

// registerCollations makes the collations known to all connections that are opened later.
var registerCollations = sync.OnceValue(func() error {
	if err := sqlite.RegisterCollationUtf8(decimalCollation, compareDecimals); err != nil {
		return fmt.Errorf("register collation: %w", err)
	}
	return nil
})

// compareDecimals compares two texts as numbers. Texts that aren't decimal numbers come last, ordered by their bytes.
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

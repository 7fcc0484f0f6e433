package main

import (
	"fmt"
	"slices"

	"github.com/tenantry/tenantry/internal/tools/resource"
)

// Definitions returns the definitions of the columns in the migration.
func (v view) Definitions() []string {
	columns := v.Columns()
	nameWidth, typeWidth := 0, 0
	for _, c := range columns {
		nameWidth, typeWidth = max(nameWidth, len(c.Name)), max(typeWidth, len(v.columnType(c)))
	}
	definitions := make([]string, len(columns))
	for i, c := range columns {
		definitions[i] = fmt.Sprintf("%-*s %s", nameWidth, c.Name, v.columnType(c))
		if !c.Null {
			definitions[i] = fmt.Sprintf("%-*s %-*s NOT NULL", nameWidth, c.Name, typeWidth, v.columnType(c))
		}
	}
	return definitions
}

// longText is the maximal number of characters of a text that MySQL stores in the row.
const longText = 500

// columnType returns the type of a column in the notation of migrations.
func (v view) columnType(c resource.Column) string {
	switch c.Type.Kind {
	case resource.Ref:
		return "uuid"
	case resource.Enum:
		return "key(32)"
	case resource.Bool, resource.Int, resource.Float, resource.Date, resource.Time, resource.Decimal:
		return c.Type.String()
	}
	switch {
	case c.Name == resource.SearchText || c.Type.Size > longText:
		return "text"
	case c.Type.Kind == resource.Code || v.isInKey(c.Name):
		return fmt.Sprintf("key(%d)", c.Type.Size)
	default:
		return fmt.Sprintf("text(%d)", c.Type.Size)
	}
}

// isInKey reports whether a column is part of a unique key, a filter or an order.
func (v view) isInKey(column string) bool {
	if slices.Contains(v.filterColumns(), column) {
		return true
	}
	for _, key := range v.UniqueKeys() {
		if slices.Contains(key, column) {
			return true
		}
	}
	return slices.ContainsFunc(v.Sort, func(key string) bool { return resource.SortColumn(key) == column })
}

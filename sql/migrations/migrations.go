// Package migrations holds the goose migrations of each engine. A number and a
// name mean the same change on every engine.
package migrations

import "embed"

// FS has one folder per engine: postgres, mysql and sqlite.
//
//go:embed postgres/*.sql mysql/*.sql sqlite/*.sql
var FS embed.FS

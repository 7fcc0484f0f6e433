package storetest

import (
	"slices"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
)

func TestCopyOfAMySQLDatabaseIsLikeAMigratedOne(t *testing.T) {
	t.Parallel()
	dump := func(databaseURL string) []string {
		conn, end := mysqlSession(t, databaseURL)
		defer end()
		var texts []string
		for _, s := range dumpMySQL(t, conn) {
			texts = append(texts, s.text)
		}
		return texts
	}
	migrated := NewURL(t, store.MySQL)
	migrate(t, migrated)
	NewMigratedURL(t, store.MySQL) // the first database in a process is migrated, not copied
	if got, want := dump(NewMigratedURL(t, store.MySQL)), dump(migrated); !slices.Equal(got, want) {
		t.Errorf("a copy is\n%q\nand a migrated database\n%q", got, want)
	}
}

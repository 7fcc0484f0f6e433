package store_test

import (
	"sync"
	"testing"

	"github.com/tenantry/tenantry/internal/store"
)

// TestManyOpenANewSQLiteFileAtOnce is about the moment in which the file gets its journal: SQLite doesn't wait then.
func TestManyOpenANewSQLiteFileAtOnce(t *testing.T) {
	t.Parallel()
	for range 20 {
		url := "sqlite:///" + t.TempDir() + "/new.db"
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				s, err := store.Open(t.Context(), url, store.Options{})
				if err != nil {
					t.Errorf("open: %v", err)
					return
				}
				s.Close()
			})
		}
		wait.Wait()
	}
}

package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
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

func TestNowIsTheTimeOfTheDatabase(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		before := time.Now().Add(-time.Minute)
		now, err := s.Now(t.Context())
		if err != nil || now.Before(before) || now.After(time.Now().Add(time.Minute)) || now.Location() != time.UTC {
			t.Errorf("%v %v, want now in UTC", now, err)
		}
	})
}

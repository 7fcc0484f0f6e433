package store_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// Several processes may create the same SQLite file at once. SQLite doesn't wait for locks while it
// creates the file's journal.
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

func TestSQLiteOpensTheRightFile(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"h#x.db": "h#x.db", "a b.db": "a b.db", "a%20b%3F%25.db": "a b?%.db", "x&y=z+1.db": "x&y=z+1.db", "b\u00fccher.db": "b\u00fccher.db", "new/x;y.db": "new/x;y.db", ":memory:x.db": ":memory:x.db",
	} {
		dir := t.TempDir()
		s, err := store.Open(t.Context(), "sqlite:///"+dir+"/"+name, store.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := s.SQLDB().ExecContext(t.Context(), "CREATE TABLE x (id int)"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s.Close()
		var files []string
		err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				files = append(files, strings.TrimPrefix(path, dir+"/"))
			}
			return err
		})
		if info, statErr := os.Stat(filepath.Join(dir, file)); err != nil || len(files) != 1 || files[0] != file || statErr != nil || info.Size() == 0 {
			t.Errorf("%s makes the files %q, want %q", name, files, file)
		}
	}
}

// TestURLOptionsOfOtherProgramsConnect opens real databases with URL options that are common in
// other programs.
func TestURLOptionsOfOtherProgramsConnect(t *testing.T) {
	t.Parallel()
	options := map[store.Engine][]string{
		store.Postgres: {"pgbouncer=true&application_name=x&channel_binding=prefer", "schema=public&ssl-mode=PREFERRED&prepared_statement_cache_size=0", "options=-c%20statement_timeout%3D5s"},
		store.MySQL: {
			"charset=utf8&autocommit=true&connect_timeout=5&ssl-mode=PREFERRED", "ssl_disabled=true&use_unicode=1&read_timeout=30", "innodb_lock_wait_timeout=4&collation=utf8mb4_bin",
		},
		store.SQLite: {"mode=rwc&check_same_thread=false"},
	}
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		base, _, _ := strings.Cut(storetest.NewURL(t, engine), "?")
		for _, query := range options[engine] {
			s, err := store.Open(t.Context(), base+"?"+query, store.Options{MaxConnections: 1})
			if err != nil {
				t.Errorf("%s: %v", query, err)
				continue
			}
			if _, err := s.Now(t.Context()); err != nil {
				t.Errorf("%s: %v", query, err)
			}
			s.Close()
		}
	})
}

package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/migrations"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

const compatibleMark = "-- tenantry: runs with older programs"

func TestCheckSchema(t *testing.T) {
	t.Parallel()
	const (
		unknown = "INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, true)"
		marked  = "INSERT INTO compatible_migrations (version_id) VALUES (%d)"
		begun   = "INSERT INTO goose_unfinished (id, version_id, is_up) VALUES (1, %d, %t)"
	)
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		const fits = -1
		check := func(name string, want int64, statements ...string) { // the version that is refused, or fits
			t.Helper()
			for _, statement := range statements {
				execute(t, s, statement)
			}
			err := s.CheckSchema(t.Context())
			got := int64(fits)
			if mismatch, ok := errors.AsType[*store.SchemaMismatch](err); ok {
				got = mismatch.Current
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got != want {
				t.Errorf("%s: refused version %d, want %d (%d: none); error %v", name, got, want, fits, err)
			}
		}
		forget := func() {
			t.Helper()
			execute(t, s, "DELETE FROM goose_db_version WHERE version_id > 900")
			execute(t, s, "DELETE FROM compatible_migrations")
			if engine == store.MySQL {
				execute(t, s, "DELETE FROM goose_unfinished")
			}
		}
		check("as needed", fits)
		check("marked and not applied", fits, fmt.Sprintf(marked, 901))
		check("newer and compatible", fits, fmt.Sprintf(unknown, 901))
		check("one of two newer ones isn't compatible", 902, fmt.Sprintf(unknown, 902))
		check("two newer and compatible ones", fits, fmt.Sprintf(marked, 902))
		forget()
		check("newer", 901, fmt.Sprintf(unknown, 901))
		if engine == store.MySQL {
			check("a newer one is being taken back", 901, fmt.Sprintf(begun, 901, false))
			forget()
			check("a newer one was begun", 901, fmt.Sprintf(begun, 901, true))
			check("a newer and compatible one was begun", fits, fmt.Sprintf(marked, 901))
		}
		forget()
		check("newer, without the table of marks", 901, "DROP TABLE compatible_migrations", fmt.Sprintf(unknown, 901))
		all := versions(t, engine)
		newest, before := all[len(all)-1], all[len(all)-2]
		check("behind", before, fmt.Sprintf("DELETE FROM goose_db_version WHERE version_id IN (%d, 901)", newest))
		check("empty", 0, "DROP TABLE goose_db_version")
	})
}

func isMarked(t *testing.T, engine store.Engine, file string) bool {
	t.Helper()
	text, err := fs.ReadFile(migrations.FS, path.Join(string(engine), file))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains(strings.Split(string(text), "\n"), compatibleMark)
}

// Older programs don't know the columns that a later migration adds, so no query may select all
// columns of a table. sqlc replaces SELECT * in sql/queries by the names of the columns.
func TestQueriesNameTheirColumns(t *testing.T) {
	t.Parallel()
	all := regexp.MustCompile(`(?i)SELECT \*|\bSELECT \w+\.\*|INSERT INTO \w+ *(?:VALUES|SELECT)`)
	files, err := filepath.Glob("../../gen/db/*/*.sql.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of queries, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := all.FindString(string(text)); found != "" {
			t.Errorf("%s has %q; name the columns", file, found)
		}
	}
}

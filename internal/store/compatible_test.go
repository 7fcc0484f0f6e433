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

	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/sql/migrations"
)

const compatibleMark = "-- tenantry: runs with older programs"

// firstCompatible is the first migration that may have the mark: programs from before it don't look for marks.
const firstCompatible = 24

func TestCheckSchema(t *testing.T) {
	t.Parallel()
	const (
		unknown = "INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, true)"
		marked  = "INSERT INTO compatible_migrations (version_id) VALUES (%d)"
		begun   = "INSERT INTO goose_unfinished (id, version_id, is_up) VALUES (1, %d, %t)"
	)
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		check := func(name, want string, statements ...string) {
			t.Helper()
			for _, statement := range statements {
				execute(t, s, statement)
			}
			err := s.CheckSchema(t.Context())
			if _, ok := errors.AsType[*store.SchemaMismatch](err); ok != (want != "") || ok && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q", name, err, want)
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
		check("as needed", "")
		check("marked and not applied", "", fmt.Sprintf(marked, 901))
		check("newer and compatible", "", fmt.Sprintf(unknown, 901))
		check("one of two newer ones isn't compatible", "schema version 902", fmt.Sprintf(unknown, 902))
		check("two newer and compatible ones", "", fmt.Sprintf(marked, 902))
		forget()
		check("newer", "schema version 901", fmt.Sprintf(unknown, 901))
		if engine == store.MySQL {
			check("a newer one is being taken back", "schema version 901", fmt.Sprintf(begun, 901, false))
			forget()
			check("a newer one was begun", "schema version 901", fmt.Sprintf(begun, 901, true))
			check("a newer and compatible one was begun", "", fmt.Sprintf(marked, 901))
		}
		forget()
		check("newer, without the table of marks", "start a newer program", "DROP TABLE compatible_migrations", fmt.Sprintf(unknown, 901))
		newest := slices.Max(versions(t, engine))
		check("behind", "run `tenantry migrate up`", fmt.Sprintf("DELETE FROM goose_db_version WHERE version_id IN (%d, 901)", newest))
		check("empty", "schema version 0", "DROP TABLE goose_db_version")
	})
}

// A program that doesn't know a migration neither fills its columns nor keeps its rules.
func TestMigrationsMarkedAsCompatibleOnlyAdd(t *testing.T) {
	t.Parallel()
	for _, file := range migrationFiles(t, store.Postgres) {
		var marked []store.Engine
		for _, engine := range []store.Engine{store.Postgres, store.MySQL, store.SQLite} {
			if !isMarked(t, engine, file) {
				continue
			}
			marked = append(marked, engine)
			if file < fmt.Sprintf("%05d", firstCompatible) {
				t.Errorf("%s of %s has the mark, which older programs than %d don't know", file, engine, firstCompatible-1)
			}
			if statement := notCompatible(sections(t, engine, file)["Up"]); statement != "" {
				t.Errorf("%s of %s is marked as compatible, but older programs don't run with this: %s", file, engine, statement)
			}
		}
		if len(marked) != 0 && len(marked) != 3 {
			t.Errorf("%s is marked as compatible for %v alone", file, marked)
		}
	}
}

func isMarked(t *testing.T, engine store.Engine, file string) bool {
	t.Helper()
	text, err := fs.ReadFile(migrations.FS, path.Join(string(engine), file))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains(strings.Split(string(text), "\n"), compatibleMark)
}

func TestWhichStatementsAreCompatible(t *testing.T) {
	t.Parallel()
	for statements, want := range map[string]bool{
		"ALTER TABLE companies ADD COLUMN logo varchar(40);":                                                                          true,
		"ALTER TABLE companies ADD COLUMN logo varchar(40) NOT NULL DEFAULT '';":                                                      true,
		"ALTER TABLE companies ADD COLUMN a bigint, ADD COLUMN b decimal(5, 2), ADD KEY companies_a_idx (a, b);":                      true,
		"CREATE INDEX companies_logo_idx ON companies (logo);":                                                                        true,
		"CREATE TABLE logos (tenant_id uuid, UNIQUE (tenant_id));\nCREATE POLICY p ON logos USING (true);":                            true,
		"CREATE TABLE logos (c uuid, FOREIGN KEY (c) REFERENCES companies (id) ON DELETE CASCADE);\nINSERT INTO logos VALUES (1);":    true,
		"ALTER TABLE companies ADD COLUMN logo varchar(40) NOT NULL;":                                                                 false,
		"ALTER TABLE companies ADD COLUMN logo varchar(40) UNIQUE;":                                                                   false,
		"ALTER TABLE companies ADD COLUMN logo varchar(40) CHECK (logo <> '');":                                                       false,
		"ALTER TABLE companies ADD COLUMN a bigint, DROP COLUMN b;":                                                                   false,
		"ALTER TABLE companies DROP COLUMN logo;":                                                                                     false,
		"ALTER TABLE companies RENAME COLUMN logo TO picture;":                                                                        false,
		"ALTER TABLE companies ALTER COLUMN logo SET NOT NULL;":                                                                       false,
		"ALTER TABLE companies MODIFY logo varchar(20);":                                                                              false,
		"ALTER TABLE companies ADD CONSTRAINT companies_logo_key UNIQUE (logo);":                                                      false,
		"ALTER TABLE companies ENABLE ROW LEVEL SECURITY;":                                                                            false,
		"CREATE UNIQUE INDEX companies_logo_key ON companies (logo);":                                                                 false,
		"CREATE TABLE logos (c uuid, FOREIGN KEY (c) REFERENCES companies (id));":                                                     false,
		"CREATE TABLE logos (c uuid, FOREIGN KEY (c) REFERENCES companies (id) ON DELETE CASCADE, FOREIGN KEY (c) REFERENCES x (c));": false,
		"DROP TABLE logos;":                       false,
		"DROP INDEX companies_logo_idx;":          false,
		"UPDATE companies SET logo = '';":         false,
		"DELETE FROM companies;":                  false,
		"INSERT INTO companies VALUES (1);":       false,
		"-- +goose StatementBegin\nDO $$;":        false,
		"CREATE TRIGGER t AFTER INSERT ON users;": false,
	} {
		if statement := notCompatible(statements); (statement == "") != want {
			t.Errorf("%s\nis refused because of %q; want compatible: %t", statements, statement, want)
		}
	}
}

var (
	sqlComments   = regexp.MustCompile(`(?m)--.*$`)
	createTable   = regexp.MustCompile(`^CREATE TABLE (\w+)`)
	onTable       = regexp.MustCompile(`^(?:ALTER TABLE|CREATE(?: UNIQUE)? INDEX \w+ ON|CREATE POLICY \w+ ON|INSERT INTO|UPDATE|DELETE FROM) (\w+)`)
	additions     = regexp.MustCompile(`^(?:CREATE INDEX|ALTER TABLE \w+ ADD) `)
	holdsBack     = regexp.MustCompile(`REFERENCES \w+ \([^)]*\)(?: ON UPDATE \w+)?(?: ON DELETE (?:CASCADE|SET NULL))?`)
	inParentheses = regexp.MustCompile(`\([^()]*\)`)
)

// notCompatible returns the first statement after which older programs don't go on; empty if there is none. It
// refuses what it doesn't know.
func notCompatible(section string) string {
	if strings.Contains(section, "+goose StatementBegin") {
		return "a statement in several parts"
	}
	created := make(map[string]bool)
	for statement := range strings.SplitSeq(sqlComments.ReplaceAllString(section, ""), ";") {
		statement = strings.Join(strings.Fields(statement), " ")
		target := onTable.FindStringSubmatch(statement)
		table := createTable.FindStringSubmatch(statement)
		switch {
		case statement == "" || target != nil && created[target[1]]:
		case table != nil && letsGo(statement):
			created[table[1]] = true
		case additions.MatchString(statement) && letsGo(statement) && onlyAddsOptional(statement):
		default:
			return statement
		}
	}
	return ""
}

// letsGo reports whether the rows of a table don't hold back a deletion by a program that doesn't know the table.
func letsGo(statement string) bool {
	return !slices.ContainsFunc(holdsBack.FindAllString(statement, -1), func(reference string) bool {
		return !strings.Contains(reference, " ON DELETE ")
	})
}

// onlyAddsOptional reports whether each action of an ALTER TABLE adds an index, or a column that may be left out.
func onlyAddsOptional(statement string) bool {
	_, actions, isAlter := strings.Cut(statement, " ADD ")
	if !isAlter {
		return true
	}
	for inParentheses.MatchString(actions) {
		actions = inParentheses.ReplaceAllString(actions, "")
	}
	for action := range strings.SplitSeq("ADD "+actions, ", ") {
		isIndex := strings.HasPrefix(action, "ADD KEY ") || strings.HasPrefix(action, "ADD INDEX ")
		isColumn := strings.HasPrefix(action, "ADD COLUMN ") && !regexp.MustCompile(`\b(UNIQUE|CHECK|PRIMARY|GENERATED)\b`).MatchString(action) &&
			(!strings.Contains(action, " NOT NULL") || strings.Contains(action, " DEFAULT "))
		if !isIndex && !isColumn {
			return false
		}
	}
	return true
}

// An older program doesn't know the columns that a migration adds, so no query may mean all columns of a table.
func TestQueriesNameTheirColumns(t *testing.T) {
	t.Parallel()
	all := regexp.MustCompile(`(?i)SELECT \*|\w+\.\*|INSERT INTO \w+ *(?:VALUES|SELECT)`)
	var files int
	err := filepath.WalkDir("../../sql/queries", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(file)
		if found := all.FindString(sqlComments.ReplaceAllString(string(text), "")); found != "" {
			t.Errorf("%s has %q; name the columns", file, found)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files of queries, %v", files, err)
	}
}

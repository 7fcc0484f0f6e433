package main_test

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// accounted lists the blocks of documents that no guide test runs: a text in the block, and the
// test that runs it or the reason why none does.
var accounted = map[string]map[string]string{
	"docs/architecture.md": {
		"oapi-codegen> gen/api": "a diagram",
	},
	"docs/adr/0020-upgrades.md": {
		"-- tenantry: runs with older programs": "TestWhichMigrationsRunWithOlderPrograms",
	},
	"docs/releasing.md": {
		"gh release create": "it publishes a release",
		"sha256sum":         "verify-release.sh, a part of make verify",
	},
	"docs/operations.md": {
		"tenantry doctor ":                     "TestCommandsOfTheDocumentsAreUnderstood",
		"systemctl enable":                     "it installs on the machine itself; TestSystemdUnderstandsTheUnit checks the unit",
		"exec systemd-run":                     "TestSystemdRunScriptMatchesTheUnit",
		"IN ROLE":                              "TestRolesOfTheDocumentServe",
		"ALTER DEFAULT PRIVILEGES":             "TestRolesOfTheDocumentServe",
		"CREATE POLICY":                        "TestRolesOfTheDocumentServe",
		"tenantry backup":                      "TestBackupIsRestored",
		"tenantry restore":                     "TestRolesOfTheDocumentServe",
		"pg_dump":                              "TestBackupsOfTheDocumentCanBeRestored",
		"mariadb-dump":                         "TestBackupsOfTheDocumentCanBeRestored",
		"VACUUM INTO":                          "TestBackupsOfTheDocumentCanBeRestored",
		"cp backup.db":                         "TestBackupsOfTheDocumentCanBeRestored",
		"DELETE FROM sessions":                 "TestBackupsOfTheDocumentCanBeRestored",
		"tenantry audit verify":                "TestCommandsOfTheDocumentsAreUnderstood",
		"tenantry audit accept":                "TestCommandsOfTheDocumentsAreUnderstood",
		"alert: TenantryIsDown":                "TestQueriesUseExistingMetrics",
		"/etc/logrotate.d":                     "a file of another program",
		"wsrep_on":                             "TestGalera",
		"SECRET_KEY=...":                       "TestDoctorIsGreenWithTheRightSettings",
		`"SECRET_KEY_PREVIOUS=$new"`:           "TestKeysOfTheDocumentChangeWhileInstancesRestart",
		`"SECRET_KEY_PREVIOUS=$old"`:           "TestKeysOfTheDocumentChangeWhileInstancesRestart",
		"grep -v '^SECRET_KEY_PREVIOUS=' .env": "TestKeysOfTheDocumentChangeWhileInstancesRestart",
		"openssl genpkey":                      "TestKeysOfTheDocumentChangeWhileInstancesRestart",
		`"SECRET_KEY_PREVIOUS=$key"`:           "TestKeysOfTheDocumentChangeWhileInstancesRestart",
		"grep -v '^AUDIT_KEY_PREVIOUS=' .env > .env.new\necho \"AUDIT_KEY_PREVIOUS=": "TestKeysOfTheDocumentChangeWhileInstancesRestart",
		`"AUDIT_KEY=$new"`: "TestKeysOfTheDocumentChangeWhileInstancesRestart",
	},
}

func TestEveryBlockOfTheDocumentsIsAccountedFor(t *testing.T) {
	t.Parallel()
	existing, guides := testNames(t), readSource(t, "cmd/tenantry/guides_test.go")
	for _, file := range documents(t) {
		if strings.Contains(guides, `newGuide(t, "`+file+`")`) {
			continue // that test fails for unknown blocks
		}
		for _, f := range fences(t, file) {
			if _, quoted := f.quoted(); quoted {
				continue // TestQuotesAreInTheirFiles
			}
			found := 0
			for text, proof := range accounted[file] {
				if !strings.Contains(f.text, text) {
					continue
				}
				found++
				if strings.HasPrefix(proof, "Test") && !existing[proof] {
					t.Errorf("%s:%d: the test %s doesn't exist", file, f.line, proof)
				}
			}
			if found != 1 {
				t.Errorf("%s:%d: this block needs exactly one entry in accounted, has %d", file, f.line, found)
			}
		}
		for text := range accounted[file] {
			if !strings.Contains(readSource(t, file), text) {
				t.Errorf("%s no longer has a block with %q", file, text)
			}
		}
	}
}

// A block that quotes a source file consists of lines of that file.
func TestQuotesAreInTheirFiles(t *testing.T) {
	t.Parallel()
	quotes := 0
	for _, file := range documents(t) {
		for _, f := range fences(t, file) {
			source, quoted := f.quoted()
			if !quoted {
				continue
			}
			quotes++
			if !strings.Contains("\n"+readSource(t, source), "\n"+f.text) {
				t.Errorf("%s:%d: %s doesn't contain this block", file, f.line, source)
			}
		}
	}
	if quotes == 0 {
		t.Error("found no quotes")
	}
}

func TestEveryGuideIsInTheIndex(t *testing.T) {
	t.Parallel()
	index := readSource(t, "docs/README.md")
	for _, file := range documents(t) {
		if name, found := strings.CutPrefix(file, "docs/"); found && !strings.Contains(name, "/") && name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("docs/README.md has no link to %s", name)
		}
	}
}

// Documents name only tests that exist.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	t.Parallel()
	existing := testNames(t)
	named := 0
	for _, file := range documents(t) {
		for _, match := range regexp.MustCompile("`(Test[A-Z]\\w*)`").FindAllStringSubmatch(prose(t, file), -1) {
			named++
			if !existing[match[1]] {
				t.Errorf("%s names the test %s, which doesn't exist", file, match[1])
			}
		}
	}
	if named < 50 {
		t.Errorf("found only %d names", named)
	}
}

// documents returns the paths of all documents, relative to the source's folder.
func documents(t *testing.T) []string {
	t.Helper()
	list := []string{"README.md"}
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob("../../" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			list = append(list, filepath.ToSlash(strings.TrimPrefix(path, filepath.Join("..", "..")+string(filepath.Separator))))
		}
	}
	return list
}

// testNames returns the names of all tests of the module.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(content), -1) {
			names[match[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A link leads to an existing file, and its # to a heading of that file.
func TestLinksOfTheDocumentsAreValid(t *testing.T) {
	t.Parallel()
	links := 0
	for _, file := range documents(t) {
		for _, match := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(prose(t, file), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			links++
			target, heading, _ := strings.Cut(match[1], "#")
			path := filepath.Join("../..", filepath.Dir(file), target)
			if target == "" {
				path = filepath.Join("../..", file)
			}
			content, err := os.ReadFile(path)
			if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
				continue
			}
			if err != nil || heading != "" && !hasHeading(string(content), heading) {
				t.Errorf("%s has a link to %s, which doesn't exist", file, match[1])
			}
		}
	}
	if links < 20 {
		t.Errorf("found only %d links", links)
	}
}

// prose returns a document without its blocks.
func prose(t *testing.T, file string) string {
	t.Helper()
	text := readSource(t, file)
	for _, f := range fences(t, file) {
		text = strings.Replace(text, f.text, "", 1)
	}
	return text
}

func hasHeading(document, anchor string) bool {
	for _, match := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(document, -1) {
		slug := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(match[1]), "")
		if strings.ReplaceAll(slug, " ", "-") == anchor {
			return true
		}
	}
	return false
}

// Comments wrap at 100 columns, with a tab counting as four. Code, tables and lists in comments are
// exempt.
func TestCommentsWrapAtHundredColumns(t *testing.T) {
	t.Parallel()
	const columns = 100
	prose := regexp.MustCompile(`^\t*// \S`)
	for _, folder := range []string{"cmd", "internal", "openapi", "sql"} {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() && entry.Name() == "node_modules" {
				return cmp.Or(err, fs.SkipDir)
			}
			if filepath.Ext(path) != ".go" {
				return nil
			}
			text, err := os.ReadFile(path)
			for i, line := range strings.Split(string(text), "\n") {
				if wide := strings.ReplaceAll(line, "\t", "    "); prose.MatchString(line) && utf8.RuneCountInString(wide) > columns {
					t.Errorf("%s:%d: the comment is wider than %d columns", path, i+1, columns)
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

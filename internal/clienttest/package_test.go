package clienttest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/document"
)

func TestUnits(t *testing.T) {
	t.Parallel()
	packed(t)
	output(t, sources, nil, "npm", "test", "--ignore-scripts") // packed has run the scripts before it
}

// TestAgainstTheServer runs gen/typescript/test/server.ts.
func TestAgainstTheServer(t *testing.T) {
	t.Parallel()
	packed(t)
	s := newServer(t)
	env := []string{"SERVER=" + s.front, "EMAIL=" + s.user.Email, "PASSWORD=" + apitest.Password}
	output(t, sources, env, "node", "--test", "build/server.js")
}

// manyCompanies is more than a page.
const manyCompanies = 1000

// TestEmptyProject installs the published package, compiles the program of its README with the
// usual compiler settings, and runs it.
func TestEmptyProject(t *testing.T) {
	t.Parallel()
	tarball := packed(t)
	s := newServer(t)
	fillDemo(t, s)

	project := t.TempDir()
	write(t, project, "package.json", `{"type": "module", "private": true}`)
	write(t, project, "main.ts", strings.ReplaceAll(program(t, sources+"/README.md"), "http://localhost:8000", s.front))
	output(t, project, nil, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--offline", tarball)
	installed, err := filepath.Glob(filepath.Join(project, "node_modules", "*", "*"))
	if err != nil || len(installed) != 1 {
		t.Errorf("installed %q, %v; want only the package", installed, err)
	}
	compiler, err := filepath.Abs(sources + "/node_modules/typescript/bin/tsc")
	if err != nil {
		t.Fatal(err)
	}
	for _, flags := range []string{
		"--module esnext --moduleResolution bundler --noEmit --skipLibCheck false --exactOptionalPropertyTypes --noUncheckedIndexedAccess",
		"--module nodenext --skipLibCheck",
	} {
		output(t, project, nil, "node", append([]string{compiler, "--strict", "--target", "es2022", "main.ts"}, strings.Fields(flags)...)...)
	}

	write(t, project, "common.cjs", `require('@tenantry/client').createClient(); require('@tenantry/client/tanstack').queriesOf; console.log('required')`)
	if printed := output(t, project, nil, "node", "common.cjs"); !strings.Contains(printed, "required\n") {
		t.Errorf("a CommonJS module that requires the package printed %q", printed)
	}

	printed := output(t, project, nil, "node", "main.js")
	companies := regexp.MustCompile(`(?m)^Company \d+ NO$`).FindAllString(printed, -1)
	if len(companies) != manyCompanies || !strings.Contains(printed, "TechStart North \n") {
		t.Errorf("the program listed %d companies, want %d and the new one:\n%s", len(companies), manyCompanies, printed)
	}
	if want := "The company has changed since you read it. Read it again and repeat your change. Maya Lindqvist sees: +47 22 00 00 00\n"; !strings.HasSuffix(printed, want) {
		t.Errorf("the output ends with %q, want %q", printed[max(0, len(printed)-len(want)):], want)
	}
	for event, want := range map[string]int{
		"GET /api/v1/org/companies 200": manyCompanies/100 + 1, "POST /api/v1/auth/login 200": 2, "POST /api/v1/auth/logout 204": 1,
	} {
		if got, _ := s.counted(event); got != want {
			t.Errorf("%s: %d times, want %d", event, got, want)
		}
	}
}

// fillDemo creates the admin of the demo with many companies.
func fillDemo(t *testing.T, s *server) {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte("password123"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	country := "NO"
	tenant := s.Tenant(t)
	admin := s.User(t, tenant.ID, access.Admin, func(u *db.User) { u.Email, u.FullName = "ceo@techstart.com", "Maya Lindqvist" })
	s.SetPasswordHash(t, admin, string(hash))
	for i := range manyCompanies {
		s.Company(t, tenant.ID, func(c *db.Company) {
			c.Code, c.Name, c.Country = fmt.Sprintf("N%d", i), fmt.Sprintf("Company %04d", i), &country
		})
	}
}

// TestReadmesAgree compares the program in the project's README with the tested one in the
// package's README.
func TestReadmesAgree(t *testing.T) {
	t.Parallel()
	if program(t, "../../README.md") != program(t, sources+"/README.md") {
		t.Error("the TypeScript program in README.md differs from that of the package")
	}
}

// program returns the first TypeScript program of a file.
func program(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("(?s)```ts\n(.*?)```").FindSubmatch(text)
	if code == nil {
		t.Fatalf("%s has no TypeScript program", file)
	}
	return string(code[1])
}

// TestPackageFiles checks that the package has the document's version, no dependency at run time,
// and tools only from the public registry.
func TestPackageFiles(t *testing.T) {
	t.Parallel()
	doc, err := document.Shared()
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Version      string            `json:"version"`
		Dependencies map[string]string `json:"dependencies"`
	}
	var lock struct {
		Version  string `json:"version"`
		Packages map[string]struct {
			Version  string `json:"version"`
			Resolved string `json:"resolved"`
		} `json:"packages"`
	}
	read(t, "package.json", &manifest)
	read(t, "package-lock.json", &lock)
	if want := doc.Info.Version; manifest.Version != want || lock.Version != want || lock.Packages[""].Version != want {
		t.Errorf("package.json and package-lock.json have versions %q, %q and %q, want the document's, %q",
			manifest.Version, lock.Version, lock.Packages[""].Version, want)
	}
	if len(manifest.Dependencies) != 0 {
		t.Errorf("the package needs %v at run time, want no dependency", manifest.Dependencies)
	}
	for name, p := range lock.Packages {
		if p.Resolved != "" && !strings.HasPrefix(p.Resolved, "https://registry.npmjs.org/") {
			t.Errorf("%s is downloaded from %s", name, p.Resolved)
		}
	}
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sources, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

package store_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// accountUsers maps files outside of internal/auth that use queries on accounts to the reason.
// Row-level security doesn't protect accounts, because they belong to no tenant.
var accountUsers = map[string]string{
	"app/serve.go":        "whether an installation is new",
	"doctor/accounts.go":  "looks for addresses in the form of earlier versions",
	"seed/write.go":       "inserts the demo accounts",
	"tenant/delete.go":    "deletes the accounts that the tenant managed",
	"tools/bench/seed.go": "inserts the accounts of a benchmark",
}

var accountQuery = regexp.MustCompile(`\.((Insert|Get|List|Count|Set|Record|Replace|Release|Delete|Lock)\w*Account|ListMemberships|GetLastPasswordHash)\w*\(`)

func TestOnlyAuthUsesAccounts(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	root := filepath.Join("..", "..", "internal")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		if strings.HasPrefix(name, "auth/") || strings.HasPrefix(name, "store/storetest/") || strings.HasPrefix(name, "apitest/") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, call := range accountQuery.FindAllString(string(text), -1) {
			used[name] = true
			if accountUsers[name] == "" {
				t.Errorf("%s calls %s): leave that to internal/auth, or add the file to this list with a reason", name, strings.TrimPrefix(call, "."))
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for name := range accountUsers {
		if !used[name] {
			t.Errorf("%s is in this list but uses no accounts any more", name)
		}
	}
}

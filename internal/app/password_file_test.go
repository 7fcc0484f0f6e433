package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

// Windows editors may write a byte order mark or UTF-16.
func TestAPasswordFileMayHaveAByteOrderMark(t *testing.T) {
	t.Parallel()
	const password = "seven purple umbrellas"
	wide := []byte{0xff, 0xfe}
	for _, b := range []byte(password + "\r\n") {
		wide = append(wide, b, 0)
	}
	i := newInstallation(t, store.SQLite)
	for address, content := range map[string][]byte{"utf8@example.com": []byte("\ufeff" + password + "\r\n"), "utf16@example.com": wide} {
		file := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if status, _, stderr := i.run("superuser", "create", "--email", address, "--password-file", file); status != 0 {
			t.Fatal(stderr)
		}
		account, err := i.store.GetAccountByEmail(t.Context(), db.GetAccountByEmailParams{Email: address})
		if err != nil || account.ID == uuid.Nil {
			t.Fatal(err)
		}
		if err := bcrypt.CompareHashAndPassword([]byte(account.PasswordHash), []byte(password)); err != nil {
			t.Errorf("%s has another password: %v", address, err)
		}
	}
}

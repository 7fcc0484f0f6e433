package app_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/doctor"
	"github.com/tenantry/tenantry/internal/seed"
	"github.com/tenantry/tenantry/internal/store"
)

func TestSeedReportsItsResult(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, store.SQLite)
	status, stdout, stderr := i.with("BCRYPT_COST=4").run("seed", "--scale", "small", "--scenario", "tech-startup")
	if status != 0 || !strings.Contains(stdout, "log in as ceo@techstart.com") {
		t.Fatalf("status %d:\n%s%s", status, stdout, stderr)
	}

	status, stdout, stderr = i.run("seed", "--scenario", "tech-startup")
	if want := "Tech Startup       is there already, and was left as it is; for another scale or seed use an empty database\n"; status != 0 || stdout != want {
		t.Errorf("status %d:\n%s%s\nwant 0:\n%s", status, stdout, stderr, want)
	}
	if status, stdout, stderr = i.run("audit", "verify"); status != 0 || strings.Count(stdout, " intact ") != 2 {
		t.Errorf("status %d, want the trails of the tenant and the platform intact:\n%s%s", status, stdout, stderr)
	}
	if status, stdout, stderr = i.run("seed", "--scale", "tiny"); status == 0 || !strings.Contains(stderr, `unknown scale "tiny"; there are full and small`) {
		t.Errorf("status %d:\n%s%s\nwant the names of the scales", status, stdout, stderr)
	}
	if status, stdout, stderr = i.run("seed", "--describe"); status != 0 || stdout != seed.Describe() {
		t.Errorf("status %d:\n%s%s\nwant the description", status, stdout, stderr)
	}
}

func TestServeKnowsTheScalesOfTheDemo(t *testing.T) {
	t.Parallel()
	status, _, stderr := newInstallation(t, store.SQLite).run("serve", "--demo=tiny")
	if status == 0 || !strings.Contains(stderr, `unknown scale "tiny"; there are full and small`) {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// user creates a user of a tenant.
func (i installation) user(t *testing.T, tenantID uuid.UUID, email, password string) {
	t.Helper()
	hash, err := auth.NewPasswords(bcrypt.MinCost).Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	account := db.InsertAccountParams{ID: uuid.New(), Email: email, PasswordHash: hash, ManagedBy: &tenantID, CreatedAt: newYear, UpdatedAt: newYear, Version: 1}
	if err := i.store.InsertAccount(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	err = i.store.InsertUser(t.Context(), db.InsertUserParams{
		TenantID: tenantID, ID: uuid.New(), Email: email, AccountID: &account.ID, FullName: email, NameKey: email, Role: "admin", IsActive: true,
		CreatedAt: newYear, UpdatedAt: newYear, Version: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The public log-ins may have been deleted, while the other accounts still have the public
// password.
func TestDemoOrganisationsAreFoundWithoutTheirLogins(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, store.SQLite)
	if status, _, stderr := i.with("BCRYPT_COST=4").run("seed", "--scale", "small", "--scenario", "tech-startup", "--seed", "3"); status != 0 {
		t.Fatal(stderr)
	}
	for _, table := range []string{"accounts", "users"} { // foreign keys are off here
		i.execf(t, "UPDATE %s SET email = 'boss' || email WHERE email LIKE 'ceo@%%' OR email = '%s'", table, seed.SuperuserEmail)
	}
	i.execf(t, "UPDATE tenants SET name = 'Quite Another', code = 'ANOTHER' WHERE code = 'TECHSTART'")

	if c := i.examine(t, 1, production()...)["accounts"]; c.Result != doctor.Failed || !strings.Contains(c.Detail, "of the demo organisation Quite Another") {
		t.Errorf("%+v, want failed", c)
	}
	if status, _, stderr := i.with(production()...).run("serve"); status == 0 || !strings.Contains(stderr, "of the demo organisation Quite Another") {
		t.Errorf("status %d: %s; want the start refused", status, stderr)
	}

	// Accounts whose passwords aren't the public ones are no risk.
	i.execf(t, "UPDATE accounts SET password_hash = 'x' WHERE id IN (SELECT account_id FROM users WHERE NOT is_superuser)")
	if c := i.examine(t, 1, production()...)["accounts"]; !strings.Contains(c.Detail, seed.SuperuserEmail) || strings.Contains(c.Detail, "organisation") {
		t.Errorf("%+v, want only the superuser, who still has the public password", c)
	}
	i.execf(t, "UPDATE accounts SET password_hash = 'x' || password_hash")
	if c := i.examine(t, 0, production()...)["accounts"]; c.Result != doctor.OK {
		t.Errorf("%+v without a public password, want ok", c)
	}

	// A customer with the name and code of a demo organisation isn't one.
	customer := newInstallation(t, store.SQLite)
	customer.superuser(t)
	customer.user(t, customer.trail(t, "TECHSTART"), "ceo@techstart.com", seed.Password)
	customer.user(t, customer.trail(t, "OTHER"), seed.SuperuserEmail, seed.SuperuserPassword)
	if c := customer.examine(t, 0, production()...)["accounts"]; c.Result != doctor.OK {
		t.Errorf("%+v for a customer, want ok", c)
	}
}

package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/store"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/gen/resources"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/app"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/tenant"
	"github.com/tenantry/tenantry/internal/user"
)

// Password is the password of all users that fixtures create.
const Password = "correct horse battery staple"

var passwordHash = mustHash(Password)

func mustHash(password string) string {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcryptCost)
	if err != nil {
		panic(err)
	}
	return string(hash)
}

// counter makes the values of fixtures unique.
var counter atomic.Int64

// Tenant creates a tenant without an audit entry. The changes apply before it is saved.
func (a *App) Tenant(t testing.TB, changes ...func(*db.Tenant)) db.Tenant {
	t.Helper()
	now := a.Clock.Now().UTC().Truncate(time.Microsecond)
	n := counter.Add(1)
	row := db.Tenant{
		ID: newID(t), Code: fmt.Sprintf("TENANT-%d", n), Name: fmt.Sprintf("Tenant %d", n), Tier: "free", Status: "active",
		CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	for _, change := range changes {
		change(&row)
	}
	tenant.Derive(&row)
	if err := a.Store.InsertTenant(t.Context(), db.InsertTenantParams(row)); err != nil {
		t.Fatalf("make tenant: %v", err)
	}
	return row
}

// User creates a user of a tenant, with an account unless a change says that the user is invited or
// gives them one. It writes no audit entry. The changes apply before the rows are saved.
func (a *App) User(t testing.TB, tenantID uuid.UUID, role access.Role, changes ...func(*db.User)) db.User {
	t.Helper()
	now := a.Clock.Now().UTC().Truncate(time.Microsecond)
	n := counter.Add(1)
	u := db.User{
		TenantID: tenantID, ID: newID(t), Email: fmt.Sprintf("user%d@example.com", n),
		FullName: fmt.Sprintf("User %d", n), Role: string(role), IsActive: true, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	for _, change := range changes {
		change(&u)
	}
	if !u.IsInvited && u.AccountID == nil {
		account := db.Account{
			ID: newID(t), Email: u.Email, PasswordHash: passwordHash, ManagedBy: &tenantID, CreatedAt: now, UpdatedAt: now, Version: 1,
		}
		if err := a.Store.InsertAccount(t.Context(), db.InsertAccountParams(account)); err != nil {
			t.Fatalf("make account: %v", err)
		}
		u.AccountID = &account.ID
	}
	user.Derive(&u)
	if err := a.Store.InsertUser(t.Context(), db.InsertUserParams(u)); err != nil {
		t.Fatalf("make user: %v", err)
	}
	return u
}

// Member makes the person of a user a user of another tenant, too, without an audit entry. The
// changes apply before the row is saved.
func (a *App) Member(t testing.TB, person db.User, tenantID uuid.UUID, role access.Role, changes ...func(*db.User)) db.User {
	t.Helper()
	same := func(u *db.User) { u.AccountID, u.Email = person.AccountID, person.Email }
	return a.User(t, tenantID, role, append([]func(*db.User){same}, changes...)...)
}

// SetPasswordHash changes the password hash of a user's account behind the program's back.
func (a *App) SetPasswordHash(t testing.TB, u db.User, hash string) {
	t.Helper()
	a.Exec(t, "UPDATE accounts SET password_hash = '"+hash+"' WHERE id = '"+u.AccountID.String()+"'")
}

// PasswordHash returns the stored password hash of a user's account.
func (a *App) PasswordHash(t testing.TB, u db.User) string {
	t.Helper()
	account, err := a.Store.GetAccount(t.Context(), db.GetAccountParams{ID: *u.AccountID})
	if err != nil {
		t.Fatal(err)
	}
	return account.PasswordHash
}

// Company creates a company of a tenant without an audit entry. The changes apply before it is
// saved.
func (a *App) Company(t testing.TB, tenantID uuid.UUID, changes ...func(*db.Company)) db.Company {
	t.Helper()
	now := a.Clock.Now().UTC().Truncate(time.Microsecond)
	n := counter.Add(1)
	c := db.Company{
		TenantID: tenantID, ID: newID(t), Code: fmt.Sprintf("C%d", n), Name: fmt.Sprintf("Company %d", n), IsActive: true,
		CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	for _, change := range changes {
		change(&c)
	}
	resources.DeriveCompany(&c)
	if err := a.Store.InsertCompany(t.Context(), db.InsertCompanyParams(c)); err != nil {
		t.Fatalf("make company: %v", err)
	}
	return c
}

// AuditEntry creates an entry of a tenant's audit trail. The changes apply before it is saved. The
// application writes entries of its own, too, such as for a log-in.
func (a *App) AuditEntry(t testing.TB, tenantID uuid.UUID, changes ...func(*db.AuditEntry)) db.AuditEntry {
	t.Helper()
	e := db.AuditEntry{
		TenantID: tenantID, ID: newID(t), OccurredAt: a.Clock.Now().UTC().Truncate(time.Microsecond), Action: "test.entry",
		Changes: json.RawMessage(`{}`), Outcome: "success", IP: "192.0.2.1", UserAgent: "test", RequestID: "test", Method: "PUT", Path: "/",
	}
	for _, change := range changes {
		change(&e)
	}
	audit.Derive(&e)
	keys, err := app.AuditKeys(a.Config)
	if err != nil {
		t.Fatalf("make audit keys: %v", err)
	}
	err = a.Store.Tx(t.Context(), func(tx store.Tx) error { return audit.NewLog(keys, nil, nil).Insert(t.Context(), tx, e) })
	if err != nil {
		t.Fatalf("make audit entry: %v", err)
	}
	return e
}

// Branch creates a branch of a company without an audit entry. The changes apply before it is
// saved.
func (a *App) Branch(t testing.TB, company db.Company, changes ...func(*db.Branch)) db.Branch {
	t.Helper()
	now := a.Clock.Now().UTC().Truncate(time.Microsecond)
	n := counter.Add(1)
	b := db.Branch{
		TenantID: company.TenantID, ID: newID(t), CompanyID: company.ID, Code: fmt.Sprintf("B%d", n), Name: fmt.Sprintf("Branch %d", n),
		IsActive: true, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	for _, change := range changes {
		change(&b)
	}
	resources.DeriveBranch(&b)
	if err := a.Store.InsertBranch(t.Context(), db.InsertBranchParams(b)); err != nil {
		t.Fatalf("make branch: %v", err)
	}
	return b
}

// Department creates a department of a company without an audit entry. The changes apply before it
// is saved.
func (a *App) Department(t testing.TB, company db.Company, changes ...func(*db.Department)) db.Department {
	t.Helper()
	now := a.Clock.Now().UTC().Truncate(time.Microsecond)
	n := counter.Add(1)
	d := db.Department{
		TenantID: company.TenantID, ID: newID(t), CompanyID: company.ID, Code: fmt.Sprintf("D%d", n), Name: fmt.Sprintf("Department %d", n),
		IsActive: true, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	for _, change := range changes {
		change(&d)
	}
	resources.DeriveDepartment(&d)
	if err := a.Store.InsertDepartment(t.Context(), db.InsertDepartmentParams(d)); err != nil {
		t.Fatalf("make department: %v", err)
	}
	return d
}

// Actor is a user with a session.
type Actor struct {
	User         db.User
	AccessToken  string
	RefreshToken string
	app          *App
}

// Actor creates a user with this role in a new tenant and logs them in.
func (a *App) Actor(t testing.TB, role access.Role) *Actor {
	t.Helper()
	return a.ActorIn(t, a.Tenant(t).ID, role)
}

// ActorIn creates a user with this role in a tenant and logs them in.
func (a *App) ActorIn(t testing.TB, tenantID uuid.UUID, role access.Role) *Actor {
	t.Helper()
	return a.Login(t, a.User(t, tenantID, role))
}

// Superuser creates a superuser and logs them in.
func (a *App) Superuser(t testing.TB) *Actor {
	t.Helper()
	return a.Login(t, a.User(t, access.PlatformTenantID, access.Admin, func(u *db.User) { u.IsSuperuser = true }))
}

// Login logs in a user that a fixture created.
func (a *App) Login(t testing.TB, user db.User) *Actor {
	t.Helper()
	return a.LoginAs(t, user, Password)
}

// LoginAs logs a user in with this password.
func (a *App) LoginAs(t testing.TB, user db.User, password string) *Actor {
	t.Helper()
	reply, err := a.Client(t).LoginWithResponse(t.Context(), api.LoginRequest{Email: user.Email, Password: password})
	if err != nil || reply.JSON200 == nil {
		t.Fatalf("log in as %s: %v %s", user.Email, err, reply.Body)
	}
	return &Actor{User: user, AccessToken: reply.JSON200.AccessToken, RefreshToken: reply.JSON200.RefreshToken, app: a}
}

// Client returns the generated client with the actor's access token.
func (u *Actor) Client(t testing.TB) *api.ClientWithResponses {
	t.Helper()
	return u.app.Client(t, func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+u.AccessToken)
		return nil
	})
}

// At returns the same actor as a client of another instance.
func (u *Actor) At(a *App) *Actor {
	there := *u
	there.app = a
	return &there
}

// Do is App.Do with the actor's access token.
func (u *Actor) Do(t testing.TB, method, path, body string, options ...Option) Reply {
	t.Helper()
	return u.app.Do(t, method, path, body, append([]Option{Header("Authorization", "Bearer "+u.AccessToken)}, options...)...)
}

func newID(t testing.TB) uuid.UUID {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatalf("make id: %v", err)
	}
	return id
}

// Stylesheet returns the current file name of the pages' stylesheet.
func (a *App) Stylesheet(t testing.TB) string {
	t.Helper()
	page := a.Do(t, http.MethodGet, "/", "", Header("Accept", "text/html")).Want(t, http.StatusOK)
	found := stylesheet.FindSubmatch(page.Body)
	if found == nil {
		t.Fatal("the landing page has no stylesheet")
	}
	return string(found[1])
}

var stylesheet = regexp.MustCompile(`/api/assets/([^"/]+\.css)`)

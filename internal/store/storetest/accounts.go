package storetest

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

func newAccount() db.Account {
	id := newID()
	return db.Account{
		ID: id, Email: id.String() + "@example.com", PasswordHash: "$2b$12$x", CreatedAt: noon(), UpdatedAt: noon(), Version: 1,
	}
}

// account inserts an account and returns it.
func account(t *T, row db.Account) db.Account {
	t.Helper()
	exec(t, t.store.InsertAccount, db.InsertAccountParams(row))
	return row
}

func accountNow(t *T, row db.Account) db.Account {
	t.Helper()
	return query(t, t.store.GetAccount, db.GetAccountParams{ID: row.ID})
}

// memberOf returns a user of an account, who isn't inserted yet.
func memberOf(a db.Account, tenant uuid.UUID) db.User {
	u := newUser(tenant)
	u.AccountID, u.Email, u.IsInvited = &a.ID, a.Email, false
	return u
}

var accountTests = map[string]func(*T){
	"account/every field comes back": func(t *T) {
		want := newAccount()
		want.ManagedBy, want.LastLoginAt, want.Version = new(tenant(t)), new(noon().Add(time.Hour)), 3
		equal(t, "account", accountNow(t, account(t, want)), want)
	},
	"account/null comes back as null": func(t *T) {
		want := account(t, newAccount())
		equal(t, "account", accountNow(t, want), want)
		fails(t, t.store.GetAccount, db.GetAccountParams{ID: newID()}, store.ErrNotFound)
	},
	"account/found by its e-mail address": func(t *T) {
		want := account(t, newAccount())
		equal(t, "account", query(t, t.store.GetAccountByEmail, db.GetAccountByEmailParams{Email: want.Email}), want)
		fails(t, t.store.GetAccountByEmail, db.GetAccountByEmailParams{Email: strings.ToUpper(want.Email)}, store.ErrNotFound)
	},
	"account/found by one of several e-mail addresses": func(t *T) {
		first, second := account(t, newAccount()), account(t, newAccount())
		arg := db.ListAccountsByEmailParams{Email1: "nobody@example.com", Email2: second.Email, Email3: strings.ToUpper(first.Email), Email4: first.Email}
		equal(t, "accounts", query(t, t.store.ListAccountsByEmail, arg), []db.Account{first, second}) // ids, and so addresses, ascend
	},
	"account/e-mail address is unique": func(t *T) {
		first, second := account(t, newAccount()), newAccount()
		second.Email = first.Email
		refuse(t, t.store.InsertAccount, db.InsertAccountParams(second), store.Unique, "accounts_email_key")
	},
	"account/e-mail addresses, page by page, and their number": func(t *T) {
		// Other tests add accounts all the time, so this one needs a database of its own.
		alone := &T{T: t.T, store: New(t, t.store.Engine()), calls: t.calls}
		count := func() int64 {
			t.calls.add(alone.store.CountAccounts)
			n, err := alone.store.CountAccounts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		equal(t, "accounts of a new installation", count(), 0)
		first, second := newAccount(), newAccount()
		first.Email, second.Email = "a@example.com", "\u00e4@example.com" // sorted by their bytes
		account(alone, second)
		account(alone, first)
		equal(t, "accounts", count(), 2)
		page := func(after string) []db.ListAccountEmailsRow {
			return query(alone, alone.store.ListAccountEmails, db.ListAccountEmailsParams{AfterEmail: after, Limit: 1})
		}
		equal(t, "first page", page(""), []db.ListAccountEmailsRow{{ID: first.ID, Email: first.Email}})
		equal(t, "second page", page(first.Email), []db.ListAccountEmailsRow{{ID: second.ID, Email: second.Email}})
		equal(t, "last page", page(second.Email), []db.ListAccountEmailsRow{})
	},
	"account/the highest password hash below a text": func(t *T) {
		for _, hash := range []string{"$1b$10$z", "$1b$12$A", "$1b$12$a", "$1a$14$x"} {
			a := newAccount()
			a.PasswordHash = hash
			account(t, a)
		}
		for below, want := range map[string]string{"$1z$": "$1b$12$", "$1b$": "$1a$14$"} {
			if got := query(t, t.store.GetLastPasswordHash, db.GetLastPasswordHashParams{Below: below}); !strings.HasPrefix(got.PasswordHash, want) {
				t.Errorf("the highest hash below %s is %s, want %s", below, got.PasswordHash, want)
			}
		}
		fails(t, t.store.GetLastPasswordHash, db.GetLastPasswordHashParams{Below: "$1a$"}, store.ErrNotFound)
	},
	"account/a log-in is only recorded if the password is still the one that was checked": func(t *T) {
		a := account(t, newAccount())
		arg := db.RecordAccountLoginParams{LastLoginAt: new(noon().Add(time.Minute)), PasswordHash: "$2b$13$y", ID: a.ID, CheckedHash: "$2b$12$z"}
		equal(t, "rows with another password", query(t, t.store.RecordAccountLogin, arg), 0)
		equal(t, "account", accountNow(t, a), a)
		arg.CheckedHash = a.PasswordHash
		equal(t, "rows", query(t, t.store.RecordAccountLogin, arg), 1)
		a.LastLoginAt, a.PasswordHash = arg.LastLoginAt, arg.PasswordHash
		equal(t, "account", accountNow(t, a), a)
	},
	"account/password is set once per version": func(t *T) {
		a := account(t, newAccount())
		arg := db.SetAccountPasswordHashParams{PasswordHash: "$2b$12$y", UpdatedAt: noon().Add(time.Minute), ID: a.ID, Version: a.Version}
		equal(t, "rows", query(t, t.store.SetAccountPasswordHash, arg), 1)
		a.PasswordHash, a.UpdatedAt, a.Version = arg.PasswordHash, arg.UpdatedAt, a.Version+1
		equal(t, "account", accountNow(t, a), a)
		equal(t, "rows with a stale version", query(t, t.store.SetAccountPasswordHash, arg), 0)
	},
	"account/password changes once": func(t *T) {
		a := account(t, newAccount())
		arg := db.ReplaceAccountPasswordHashParams{
			PasswordHash: "$2b$12$y", UpdatedAt: noon().Add(time.Minute), ID: a.ID, CheckedHash: a.PasswordHash,
		}
		equal(t, "rows", query(t, t.store.ReplaceAccountPasswordHash, arg), 1)
		a.PasswordHash, a.UpdatedAt, a.Version = arg.PasswordHash, arg.UpdatedAt, a.Version+1
		equal(t, "account", accountNow(t, a), a)
		equal(t, "rows the second time", query(t, t.store.ReplaceAccountPasswordHash, arg), 0)
	},
	"account/address changes once per version, and with it that of its users": func(t *T) {
		a := account(t, newAccount())
		one, two := user(t, memberOf(a, tenant(t))), user(t, memberOf(a, tenant(t)))
		arg := db.SetAccountEmailParams{Email: "new-" + a.Email, UpdatedAt: noon().Add(time.Minute), ID: a.ID, Version: a.Version}
		equal(t, "rows", query(t, t.store.SetAccountEmail, arg), 1)
		a.Email, a.UpdatedAt, a.Version = arg.Email, arg.UpdatedAt, a.Version+1
		equal(t, "account", accountNow(t, a), a)
		equal(t, "rows with a stale version", query(t, t.store.SetAccountEmail, arg), 0)
		for _, u := range []db.User{one, two} {
			u.Email = a.Email
			equal(t, "user", userNow(t, u), u)
		}
		taken := account(t, newAccount())
		arg.Email, arg.Version = taken.Email, a.Version
		_, err := t.store.SetAccountEmail(t.Context(), arg)
		isViolation(t, err, store.Unique, "accounts_email_key")
	},
	"account/locked, whatever its version": func(t *T) {
		a := account(t, newAccount())
		arg := db.LockAccountParams{UpdatedAt: noon().Add(time.Minute), ID: newID()}
		equal(t, "rows of a missing one", query(t, t.store.LockAccount, arg), 0)
		arg.ID = a.ID
		equal(t, "rows", query(t, t.store.LockAccount, arg), 1)
		a.UpdatedAt, a.Version = arg.UpdatedAt, a.Version+1
		equal(t, "account", accountNow(t, a), a)
	},
	"account/released once per version": func(t *T) {
		a := newAccount()
		a.ManagedBy = new(tenant(t))
		account(t, a)
		arg := db.ReleaseAccountParams{UpdatedAt: noon().Add(time.Minute), ID: a.ID, Version: a.Version}
		equal(t, "rows", query(t, t.store.ReleaseAccount, arg), 1)
		a.ManagedBy, a.UpdatedAt, a.Version = nil, arg.UpdatedAt, a.Version+1
		equal(t, "account", accountNow(t, a), a)
		equal(t, "rows with a stale version", query(t, t.store.ReleaseAccount, arg), 0)
	},
	"account/deleted only without users": func(t *T) {
		a := account(t, newAccount())
		u := user(t, memberOf(a, tenant(t)))
		equal(t, "rows", query(t, t.store.DeleteAccountUnscoped, db.DeleteAccountUnscopedParams{ID: a.ID}), 0)
		equal(t, "account", accountNow(t, a), a)
		equal(t, "rows", query(t, t.store.DeleteUser, db.DeleteUserParams{TenantID: u.TenantID, ID: u.ID, Version: 1}), 1)
		equal(t, "rows", query(t, t.store.DeleteAccountUnscoped, db.DeleteAccountUnscopedParams{ID: a.ID}), 1)
		fails(t, t.store.GetAccount, db.GetAccountParams{ID: a.ID}, store.ErrNotFound)
	},
	"account/those that a tenant manages are deleted without users": func(t *T) {
		manager, other := tenant(t), tenant(t)
		managed := func(by uuid.UUID) db.Account {
			a := newAccount()
			a.ManagedBy = &by
			return account(t, a)
		}
		first, used, last, foreign := managed(manager), managed(manager), managed(manager), managed(other)
		user(t, memberOf(used, other))
		list := db.ListManagedAccountIDsParams{ManagedBy: &manager, AfterID: uuid.Nil, Limit: 2}
		equal(t, "first page", query(t, t.store.ListManagedAccountIDs, list), []uuid.UUID{first.ID, used.ID})
		list.AfterID = used.ID
		equal(t, "last page", query(t, t.store.ListManagedAccountIDs, list), []uuid.UUID{last.ID})
		arg := db.DeleteManagedAccountsBetweenUnscopedParams{ManagedBy: &manager, FirstID: first.ID, LastID: used.ID}
		equal(t, "rows", query(t, t.store.DeleteManagedAccountsBetweenUnscoped, arg), 1)
		arg.LastID = foreign.ID
		equal(t, "rows", query(t, t.store.DeleteManagedAccountsBetweenUnscoped, arg), 1)
		equal(t, "account of a user", accountNow(t, used), used)
		equal(t, "account of another tenant", accountNow(t, foreign), foreign)
	},
	"account/its memberships in all tenants": func(t *T) {
		a := account(t, newAccount())
		one, two := newTenant(), newTenant()
		one.Status = "suspended"
		for _, row := range []db.Tenant{one, two} {
			exec(t, t.store.InsertTenant, db.InsertTenantParams(row))
		}
		first, second := memberOf(a, one.ID), memberOf(a, two.ID)
		first.Role, first.IsActive, first.IsSuperuser, first.LastLoginAt = "admin", false, true, new(noon())
		user(t, first)
		user(t, second)
		user(t, memberOf(account(t, newAccount()), two.ID))
		row := func(u db.User, t db.Tenant) db.ListMembershipsUnscopedRow {
			return db.ListMembershipsUnscopedRow{
				TenantID: u.TenantID, UserID: u.ID, Role: u.Role, IsActive: u.IsActive, IsSuperuser: u.IsSuperuser, LastLoginAt: u.LastLoginAt,
				TenantCode: t.Code, TenantName: t.Name, TenantStatus: t.Status,
			}
		}
		got := query(t, t.store.ListMembershipsUnscoped, db.ListMembershipsUnscopedParams{AccountID: &a.ID})
		equal(t, "memberships", got, []db.ListMembershipsUnscopedRow{row(first, one), row(second, two)})
		got = query(t, t.store.ListMembershipsUnscoped, db.ListMembershipsUnscopedParams{AccountID: new(newID())})
		equal(t, "memberships of no account", got, []db.ListMembershipsUnscopedRow{})
	},
}

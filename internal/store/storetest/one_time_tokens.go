package storetest

import (
	"strings"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/store"
)

func newOneTimeToken(u db.User) db.InsertOneTimeTokenParams {
	hash := strings.ReplaceAll(newID().String()+newID().String(), "-", "")
	return db.InsertOneTimeTokenParams{TenantID: u.TenantID, UserID: u.ID, TokenHash: hash, ExpiresAt: noon().Add(time.Hour), CreatedAt: noon()}
}

// oneTimeToken inserts a token and returns it.
func oneTimeToken(t *T, row db.InsertOneTimeTokenParams) db.InsertOneTimeTokenParams {
	t.Helper()
	exec(t, t.store.InsertOneTimeToken, row)
	return row
}

var oneTimeTokenTests = map[string]func(*T){
	"one-time token/is found with its user and tenant": func(t *T) {
		row := newTenant()
		row.Status = "suspended"
		exec(t, t.store.InsertTenant, db.InsertTenantParams(row))
		u := memberOf(account(t, newAccount()), row.ID)
		u.IsActive, u.IsSuperuser, u.Version = false, true, 7
		o := oneTimeToken(t, newOneTimeToken(user(t, u)))
		equal(t, "token", query(t, t.store.GetOneTimeTokenUnscoped, db.GetOneTimeTokenUnscopedParams{TokenHash: o.TokenHash}), db.GetOneTimeTokenUnscopedRow{
			TenantID: row.ID, UserID: u.ID, ExpiresAt: o.ExpiresAt, Email: u.Email, AccountID: u.AccountID, IsActive: false, IsSuperuser: true, UserVersion: 7, TenantStatus: "suspended",
		})
		fails(t, t.store.GetOneTimeTokenUnscoped, db.GetOneTimeTokenUnscopedParams{TokenHash: strings.ToUpper(o.TokenHash) + "x"}, store.ErrNotFound)
	},
	"one-time token/a user has one": func(t *T) {
		u := user(t, newUser(tenant(t)))
		oneTimeToken(t, newOneTimeToken(u))
		err := t.store.InsertOneTimeToken(t.Context(), newOneTimeToken(u))
		if v := violation(err); v == nil || v.Kind != store.Unique {
			t.Errorf("error is %v, want a violation of the primary key", err)
		}
	},
	"one-time token/belongs to one user": func(t *T) {
		first, second := user(t, newUser(tenant(t))), user(t, newUser(tenant(t)))
		o := newOneTimeToken(second)
		o.TokenHash = oneTimeToken(t, newOneTimeToken(first)).TokenHash
		refuse(t, t.store.InsertOneTimeToken, o, store.Unique, "one_time_tokens_token_hash_key")
	},
	"one-time token/needs a user of the same tenant": func(t *T) {
		o := newOneTimeToken(user(t, newUser(tenant(t))))
		o.TenantID = tenant(t)
		refuse(t, t.store.InsertOneTimeToken, o, store.ForeignKey, "one_time_tokens_tenant_id_user_id_fkey")
	},
	"one-time token/is used once": func(t *T) {
		o := oneTimeToken(t, newOneTimeToken(user(t, newUser(tenant(t)))))
		arg := db.UseOneTimeTokenParams{TenantID: o.TenantID, UserID: o.UserID, TokenHash: o.TokenHash}
		for _, change := range []func(*db.UseOneTimeTokenParams){
			func(p *db.UseOneTimeTokenParams) { p.TenantID = tenant(t) },
			func(p *db.UseOneTimeTokenParams) { p.UserID = newID() },
			func(p *db.UseOneTimeTokenParams) { p.TokenHash = "another" },
		} {
			wrong := arg
			change(&wrong)
			equal(t, "rows", query(t, t.store.UseOneTimeToken, wrong), 0)
		}
		equal(t, "rows", query(t, t.store.UseOneTimeToken, arg), 1)
		equal(t, "rows the second time", query(t, t.store.UseOneTimeToken, arg), 0)
		fails(t, t.store.GetOneTimeTokenUnscoped, db.GetOneTimeTokenUnscopedParams{TokenHash: o.TokenHash}, store.ErrNotFound)
	},
	"one-time token/of a user is deleted": func(t *T) {
		mine := oneTimeToken(t, newOneTimeToken(user(t, newUser(tenant(t)))))
		colleague := oneTimeToken(t, newOneTimeToken(user(t, newUser(mine.TenantID))))
		equal(t, "rows of another tenant", query(t, t.store.DeleteOneTimeTokenOfUser, db.DeleteOneTimeTokenOfUserParams{TenantID: tenant(t), UserID: mine.UserID}), 0)
		equal(t, "rows", query(t, t.store.DeleteOneTimeTokenOfUser, db.DeleteOneTimeTokenOfUserParams{TenantID: mine.TenantID, UserID: mine.UserID}), 1)
		fails(t, t.store.GetOneTimeTokenUnscoped, db.GetOneTimeTokenUnscopedParams{TokenHash: mine.TokenHash}, store.ErrNotFound)
		query(t, t.store.GetOneTimeTokenUnscoped, db.GetOneTimeTokenUnscopedParams{TokenHash: colleague.TokenHash})
	},
}

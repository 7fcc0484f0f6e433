package auth

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

// inviteElsewhere invites the person to another tenant, and returns the invited user and the token.
func (l *login) inviteElsewhere(t *testing.T) (db.User, string) {
	t.Helper()
	tenant := db.Tenant{
		ID: l.opts.NewID(), Code: "OTHER", Name: "Other", Tier: "free", Status: tenantActive, CreatedAt: noon, UpdatedAt: noon, Version: 1,
	}
	if err := l.store.InsertTenant(t.Context(), db.InsertTenantParams(tenant)); err != nil {
		t.Fatal(err)
	}
	u := db.User{
		TenantID: tenant.ID, ID: l.opts.NewID(), Email: l.account.Email, IsInvited: true, FullName: "A", Role: "user", IsActive: true,
		CreatedAt: noon, UpdatedAt: noon, Version: 1,
	}
	if err := l.store.InsertUser(t.Context(), db.InsertUserParams(u)); err != nil {
		t.Fatal(err)
	}
	token, err := l.IssueOneTimeToken(t.Context(), l.store, u)
	if err != nil {
		t.Fatal(err)
	}
	return u, token.Token
}

// Otherwise the admin who manages the account could set another password while the owner accepts
// the invitation of another tenant, and enter that tenant with it.
func TestAcceptanceWhileThePasswordChangesIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		l := newLogin(t, engine)
		invited, token := l.inviteElsewhere(t)
		l.during = func() {
			l.during = func() {}
			rows, err := l.store.SetAccountPasswordHash(t.Context(), db.SetAccountPasswordHashParams{
				PasswordHash: hashOf(t, otherWord, bcrypt.MinCost), UpdatedAt: noon, ID: l.account.ID, Version: l.account.Version,
			})
			if err != nil || rows != 1 {
				t.Errorf("%d rows, %v", rows, err)
			}
		}
		accepted := func() bool {
			now, err := l.store.GetUser(t.Context(), db.GetUserParams{TenantID: invited.TenantID, ID: invited.ID})
			if err != nil {
				t.Fatal(err)
			}
			return !now.IsInvited
		}
		if err := l.ResetPassword(request(t, "auth.password_reset"), token, password); err == nil || accepted() {
			t.Errorf("error %v, accepted %t", err, accepted())
		}
		l.passed = time.Hour // after the delay that failures cause
		if err := l.ResetPassword(request(t, "auth.password_reset"), token, otherWord); err != nil || !accepted() {
			t.Errorf("with the new password: error %v, accepted %t", err, accepted())
		}
		account, err := l.store.GetAccount(t.Context(), db.GetAccountParams{ID: l.account.ID})
		if err != nil || account.ManagedBy != nil {
			t.Errorf("the account is managed by %v, %v", account.ManagedBy, err)
		}
	})
}

// A session that is ended must not live on in another tenant that it enters at the same moment.
func TestSwitchWhileAllSessionsEnd(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		l := newLogin(t, engine)
		_, token := l.inviteElsewhere(t)
		if err := l.ResetPassword(request(t, "auth.password_reset"), token, password); err != nil {
			t.Fatal(err)
		}
		entered, err := l.Login(request(t, "auth.login"), l.account.Email, password, "OTHER")
		if err != nil {
			t.Fatal(err)
		}
		by, err := l.Authenticate(t.Context(), entered.Grant.AccessToken)
		if err != nil {
			t.Fatal(err)
		}
		newID, began := l.opts.NewID, make(chan struct{})
		l.opts.NewID = func() uuid.UUID { // first called for the new session, before its transaction
			select {
			case <-began:
			default:
				close(began)
			}
			return newID()
		}
		switched := make(chan error, 1)
		err = l.store.Tx(t.Context(), func(tx store.Tx) error {
			if _, _, err := l.endOwnSessions(t.Context(), tx, by, uuid.Nil, "logout"); err != nil {
				return err
			}
			go func() {
				_, err := l.Switch(request(t, "auth.switch"), by, access.PlatformTenantID)
				switched <- err
			}()
			<-began
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, "switch", <-switched, errs.SessionEnded)
		if n := l.sessions(t); n != 0 {
			t.Errorf("%d sessions are alive in the other tenant", n)
		}
	})
}

func TestChoose(t *testing.T) {
	t.Parallel()
	at := func(minute int) *time.Time { return new(noon.Add(time.Duration(minute) * time.Minute)) }
	member := func(code string, last *time.Time, change ...func(*Membership)) Membership {
		m := Membership{TenantID: uuid.New(), UserID: uuid.New(), TenantCode: code, TenantStatus: tenantActive, IsActive: true, LastLoginAt: last}
		for _, f := range change {
			f(&m)
		}
		return m
	}
	suspended := func(m *Membership) { m.TenantStatus = "suspended" }
	inactive := func(m *Membership) { m.IsActive = false }
	superuser := func(m *Membership) { m.IsSuperuser, m.TenantID = true, access.PlatformTenantID }
	for name, c := range map[string]struct {
		all  []Membership
		code string
		want string
	}{
		"none":                                 {nil, "", ""},
		"the one used last":                    {[]Membership{member("A", at(1)), member("B", at(2)), member("C", nil)}, "", "B"},
		"the first of those never used":        {[]Membership{member("A", nil), member("B", nil)}, "", "A"},
		"the one that is named":                {[]Membership{member("A", at(1)), member("B", at(2))}, "A", "A"},
		"none with this name":                  {[]Membership{member("A", at(1))}, "B", ""},
		"one that can be entered":              {[]Membership{member("A", at(1)), member("B", at(3), suspended), member("C", at(2), inactive)}, "", "A"},
		"a suspended one before inactive ones": {[]Membership{member("A", at(2), inactive), member("B", at(1), suspended)}, "", "B"},
		"a superuser's, although it is suspended": {
			[]Membership{member("A", at(1)), member("B", at(2), suspended, superuser)}, "", "B",
		},
	} {
		if got := choose(c.all, c.code).TenantCode; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/crypto/bcrypt"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
)

const (
	password  = "correct horse battery staple"
	otherWord = "seven purple umbrellas"
)

// login is a service with one user. It calls during while a password is compared, and finishing
// before a transaction.
type login struct {
	*Service

	user      db.User
	account   db.Account
	during    func()
	finishing func()
	compared  atomic.Int64
	rounds    atomic.Int64  // of bcrypt
	passed    time.Duration // since noon
}

func newLogin(t *testing.T, engine store.Engine) *login {
	t.Helper()
	hash := hashOf(t, password, bcrypt.MinCost)
	l := &login{during: func() {}, finishing: func() {}}
	now := func() time.Time { return noon.Add(l.passed) }
	newID := func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	passwords := NewPasswords(bcrypt.MinCost)
	passwords.compare = func(hash, password []byte) error {
		l.compared.Add(1)
		if cost, err := bcrypt.Cost(hash); err == nil {
			l.rounds.Add(1 << cost)
		}
		l.during()
		return bcrypt.CompareHashAndPassword(hash, password)
	}
	s := storetest.New(t, engine)
	keys, err := audit.NewKeys([]byte(secretKey))
	if err != nil {
		t.Fatal(err)
	}
	l.Service, err = NewService(s, audit.NewLog(keys, now, newID), passwords, Options{
		SecretKey: []byte(secretKey), Keys: keysOf(t, secretKey, ""), AccessTokenTTL: time.Hour, RefreshTokenTTL: time.Hour, Now: now, NewID: newID,
		Within: func(_ context.Context, _ uuid.UUID, f func() error) error {
			l.finishing()
			return f()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	platform := access.PlatformTenantID
	l.account = db.Account{ID: newID(), Email: "a@example.com", PasswordHash: hash, ManagedBy: &platform, CreatedAt: noon, UpdatedAt: noon, Version: 1}
	if err := s.InsertAccount(t.Context(), db.InsertAccountParams(l.account)); err != nil {
		t.Fatal(err)
	}
	l.user = db.User{
		TenantID: access.PlatformTenantID, ID: newID(), Email: "a@example.com", AccountID: &l.account.ID, FullName: "A", Role: "user", IsActive: true,
		CreatedAt: noon, UpdatedAt: noon, Version: 1,
	}
	if err := s.InsertUser(t.Context(), db.InsertUserParams(l.user)); err != nil {
		t.Fatal(err)
	}
	return l
}

// omitted returns how many audit entries about anonymous clients weren't written.
func (l *login) omitted(t *testing.T) int {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(l.Service.omitted)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return int(families[0].GetMetric()[0].GetCounter().GetValue())
}

// request returns the context of a request for an operation with this audit action.
func request(t *testing.T, action string) context.Context {
	t.Helper()
	return access.WithRequest(t.Context(), &access.Request{ID: "r", IP: "192.0.2.1", Operation: access.Operation{AuditAction: action}})
}

// tryAs tries a password of an account from an address.
func (l *login) tryAs(t *testing.T, email, password, ip string) error {
	t.Helper()
	ctx := request(t, "auth.login")
	access.RequestFrom(ctx).IP = ip
	_, err := l.Login(ctx, email, password, "")
	return err
}

func (l *login) try(t *testing.T, password string) error {
	t.Helper()
	_, err := l.Login(request(t, "auth.login"), l.user.Email, password, "")
	return err
}

func (l *login) change(t *testing.T, current string) error {
	t.Helper()
	by := access.Principal{UserID: l.user.ID, HomeTenantID: l.user.TenantID, TenantID: l.user.TenantID, Email: l.user.Email}
	return l.ChangePassword(request(t, "auth.password_change"), by, current, otherWord)
}

// block fails from the address of request until there is a delay.
func (l *login) block(t *testing.T) {
	t.Helper()
	g := &limiterTest{store: l.store, attemptLimiter: l.attemptLimiter}
	for range perAccountAndAddress.free + 1 {
		if err := g.fail(t.Context(), l.user.Email, "192.0.2.1"); err != nil {
			t.Error(err)
		}
	}
}

func (l *login) sessions(t *testing.T) int {
	t.Helper()
	alive, err := l.store.ListLiveSessionsOfUser(t.Context(), db.ListLiveSessionsOfUserParams{
		TenantID: l.user.TenantID, UserID: l.user.ID, Now: noon, AfterCreatedAt: noon.AddDate(1, 0, 0), AfterID: uuid.Max, Limit: 100,
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(alive)
}

func wantCode(t *testing.T, what string, err error, code errs.Code) {
	t.Helper()
	if !errs.Is(err, code) {
		t.Errorf("%s: error %v, want %s", what, err, code)
	}
}

func TestBlockedGuessIsNotCompared(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		l := newLogin(t, engine)
		l.block(t)
		wantCode(t, "log-in", l.try(t, password), errs.TooManyAttempts)
		wantCode(t, "password change", l.change(t, password), errs.TooManyAttempts)
		if n := l.compared.Load(); n != 0 {
			t.Errorf("%d passwords were compared, want none", n)
		}
	})
}

// Only a client with the correct password, in a known network, can find out that the account
// exists.
func TestDelayOfAnAccountDoesNotHoldInItsKnownNetworks(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		const nobody, home, office, elsewhere = "nobody@example.com", "192.0.2.1", "192.0.2.2", "192.0.2.3"
		l := newLogin(t, engine)
		if err := l.tryAs(t, l.user.Email, password, home); err != nil {
			t.Fatal(err)
		}
		for _, email := range []string{l.user.Email, nobody} {
			err := l.store.InsertLoginAttempt(t.Context(), db.InsertLoginAttemptParams{
				Subject: l.attemptLimiter.forAccount(email, elsewhere).account.subject, Failures: 101, BlockedUntil: noon.Add(time.Second), LastFailedAt: noon,
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for what, try := range map[string]struct{ email, password, ip string }{
			"wrong in a known network": {l.user.Email, "wrong", home},
			"wrong elsewhere":          {l.user.Email, "wrong", office},
			"right elsewhere":          {l.user.Email, password, elsewhere},
			"of an unknown account":    {nobody, password, elsewhere},
		} {
			l.compared.Store(0)
			err := l.tryAs(t, try.email, try.password, try.ip)
			wantCode(t, what, err, errs.TooManyAttempts)
			if e, ok := errors.AsType[*errs.Error](err); !ok || e.RetryAfter != time.Second || l.compared.Load() != 1 {
				t.Errorf("%s: %v, and %d passwords were compared; want a delay of 1 s and 1", what, err, l.compared.Load())
			}
		}
		if err := l.tryAs(t, l.user.Email, password, home); err != nil {
			t.Errorf("the right password in a known network: %v", err)
		}
		l.block(t)
		l.compared.Store(0)
		wantCode(t, "in a known network, after many failures there", l.tryAs(t, l.user.Email, password, home), errs.TooManyAttempts)
		if n := l.compared.Load(); n != 0 {
			t.Errorf("%d passwords were compared, want none", n)
		}
	})
}

// Other instances may create hashes of a higher cost, and earlier ones may exist.
func TestUnknownAccountsCostAsMuchAsTheHighestCost(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		l := newLogin(t, engine)
		for name, cost := range map[string]int{"b": bcrypt.MinCost + 2, "y": bcrypt.MinCost + 1} {
			other := l.account
			other.ID, other.Email, other.PasswordHash = l.opts.NewID(), name+"@example.com", "$2"+name+hashOf(t, otherWord, cost)[3:]
			if err := l.store.InsertAccount(t.Context(), db.InsertAccountParams(other)); err != nil {
				t.Fatal(err)
			}
			user := l.user
			user.ID, user.Email, user.AccountID = l.opts.NewID(), other.Email, &other.ID
			if err := l.store.InsertUser(t.Context(), db.InsertUserParams(user)); err != nil {
				t.Fatal(err)
			}
		}
		const most = 1 << (bcrypt.MinCost + 2)
		for _, email := range []string{"nobody@example.com", l.user.Email, "b@example.com", "y@example.com"} {
			l.rounds.Store(0)
			wantCode(t, email, l.tryAs(t, email, "wrong", "192.0.2.1"), errs.InvalidCredentials)
			if n := l.rounds.Load(); n != most {
				t.Errorf("%s: %d rounds, want %d", email, n, most)
			}
		}
		// A log-in replaces the hash with one of the configured cost. Then comparisons cost no more
		// than that.
		for _, email := range []string{"b@example.com", "y@example.com"} {
			if err := l.tryAs(t, email, otherWord, "192.0.2.1"); err != nil {
				t.Fatal(err)
			}
		}
		l.rounds.Store(0)
		wantCode(t, "afterwards", l.tryAs(t, "nobody@example.com", "wrong", "192.0.2.2"), errs.InvalidCredentials)
		if n := l.rounds.Load(); n != 1<<bcrypt.MinCost {
			t.Errorf("%d rounds afterwards, want %d", n, 1<<bcrypt.MinCost)
		}
	})
}

func TestAnonymousClientsCannotFillATrail(t *testing.T) {
	t.Parallel()
	l := newLogin(t, store.SQLite)
	entries := func(action string) []db.AuditEntry {
		t.Helper()
		list, err := l.store.ListAuditEntries(t.Context(), db.ListAuditEntriesParams{
			TenantID: access.PlatformTenantID, AfterOccurredAt: noon.AddDate(1, 0, 0), AfterID: uuid.Max, Action: &action, Limit: 1000,
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	stranger := func(i int) {
		t.Helper()
		ip := fmt.Sprintf("203.0.113.%d", i)
		wantCode(t, "log-in", l.tryAs(t, fmt.Sprintf("%d@example.com", i), "wrong", ip), errs.InvalidCredentials)
		ctx := request(t, passwordReset)
		access.RequestFrom(ctx).IP = ip
		wantCode(t, "token", l.ResetPassword(ctx, "token", otherWord), errs.InvalidOneTimeToken)
	}
	for i := range maxAnonymous {
		stranger(i)
	}
	if n := len(entries("auth.login")) + len(entries(passwordReset)); n != maxAnonymous || l.omitted(t) != maxAnonymous {
		t.Errorf("%d entries, and %d were omitted; want %d of both", n, l.omitted(t), maxAnonymous)
	}
	before, err := l.store.ListOldLoginAttempts(t.Context(), db.ListOldLoginAttemptsParams{ForgottenBefore: noon.AddDate(1, 0, 0), Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	ctx := request(t, passwordReset)
	access.RequestFrom(ctx).IP = "198.51.100.1"
	wantCode(t, "token", l.ResetPassword(ctx, "token", otherWord), errs.InvalidOneTimeToken)
	after, err := l.store.ListOldLoginAttempts(t.Context(), db.ListOldLoginAttemptsParams{ForgottenBefore: noon.AddDate(1, 0, 0), Limit: 1000})
	if err != nil || len(after) != len(before) {
		t.Errorf("%d counters after a token from a new address, and %d before it (error %v)", len(after), len(before), err)
	}

	// Failures of existing accounts are still recorded.
	wantCode(t, "an account that exists", l.try(t, "wrong"), errs.InvalidCredentials)
	if latest := entries("auth.login")[0]; latest.EntityID == nil || *latest.EntityID != l.user.ID {
		t.Errorf("the latest entry is %+v, want one about the user", latest)
	}
	l.passed = time.Minute
	stranger(200)
	if latest := entries("auth.login")[0]; !strings.Contains(string(latest.Changes), fmt.Sprintf(`"entries_omitted":{"after":%d`, maxAnonymous+1)) &&
		!strings.Contains(strings.ReplaceAll(string(latest.Changes), " ", ""), fmt.Sprintf(`"after":%d`, maxAnonymous+1)) {
		t.Errorf("%s in the first entry of the next minute, want the number of those that were omitted", latest.Changes)
	}
}

// A client that sends many attempts at once must learn from only one of them whether it is correct.
func TestGuessThatIsBlockedDuringItsComparisonRevealsNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		for _, given := range []string{password, "wrong"} {
			l := newLogin(t, engine)
			l.during = func() { l.block(t) }
			wantCode(t, "log-in with "+given, l.try(t, given), errs.TooManyAttempts)
			if n := l.sessions(t); n != 0 {
				t.Errorf("%d sessions, want none", n)
			}
			l = newLogin(t, engine)
			l.during = func() { l.block(t) }
			wantCode(t, "password change with "+given, l.change(t, given), errs.TooManyAttempts)
			if n := failuresOf(t, &limiterTest{store: l.store}, l.attemptLimiter.forAccount(l.user.Email, "192.0.2.1").pairs[0]); n != 6 {
				t.Errorf("%d failures are counted, want only the 6 answered ones", n)
			}
		}
	})
}

func TestLoginUnderWayWhileThePasswordChangesIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		// The second cost replaces the hash during the log-in.
		for _, cost := range []int{bcrypt.MinCost, bcrypt.MinCost + 1} {
			l := newLogin(t, engine)
			l.passwords.cost = cost
			changed := hashOf(t, otherWord, bcrypt.MinCost)
			l.during = func() {
				l.during = func() {}
				rows, err := l.store.ReplaceAccountPasswordHash(t.Context(), db.ReplaceAccountPasswordHashParams{
					PasswordHash: changed, UpdatedAt: noon, ID: l.account.ID, CheckedHash: l.account.PasswordHash,
				})
				if err != nil || rows != 1 {
					t.Errorf("%d rows, %v", rows, err)
				}
			}
			wantCode(t, "log-in", l.try(t, password), errs.InvalidCredentials)
			now, err := l.store.GetAccount(t.Context(), db.GetAccountParams{ID: l.account.ID})
			if err != nil || now.PasswordHash != changed || now.LastLoginAt != nil || l.sessions(t) != 0 {
				t.Errorf("user %+v, %d sessions, %v; want the new password and no log-in", now, l.sessions(t), err)
			}
		}
	})
}

// Otherwise the session would be valid again when the user is activated.
func TestLoginUnderWayWhileTheUserIsDeactivatedIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		l := newLogin(t, engine)
		l.during = func() {
			l.during = func() {}
			rows, err := l.store.UpdateUser(t.Context(), db.UpdateUserParams{
				Email: l.user.Email, FullName: l.user.FullName, Role: l.user.Role, IsActive: false, UpdatedAt: noon,
				TenantID: l.user.TenantID, ID: l.user.ID, Version: l.user.Version,
			})
			if err != nil || rows != 1 {
				t.Errorf("%d rows, %v", rows, err)
			}
		}
		wantCode(t, "log-in", l.try(t, password), errs.InvalidCredentials)
		if n := l.sessions(t); n != 0 {
			t.Errorf("%d sessions, want none", n)
		}
	})
}

// A request whose user is deleted after authentication gets errs.SessionEnded, not an internal
// error.
func TestOwnUserThatIsGone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		l := newLogin(t, engine)
		rows, err := l.store.DeleteUser(t.Context(), db.DeleteUserParams{TenantID: l.user.TenantID, ID: l.user.ID, Version: l.user.Version})
		if err != nil || rows != 1 {
			t.Fatalf("%d rows, %v", rows, err)
		}
		wantCode(t, "password change", l.change(t, password), errs.SessionEnded)
		_, err = l.Me(t.Context(), access.Principal{UserID: l.user.ID, HomeTenantID: l.user.TenantID})
		wantCode(t, "me", err, errs.SessionEnded)
	})
}

// hashingOperations returns the operations that hash or compare a password.
func (l *login) hashingOperations(t *testing.T) map[string]func() error {
	t.Helper()
	return map[string]func() error{
		"log-in":          func() error { return l.try(t, password) },
		"password change": func() error { return l.change(t, password) },
		"password reset":  func() error { return l.ResetPassword(request(t, passwordReset), "token", otherWord) },
	}
}

// When many log in at once, refusals must be cheap.
func TestBusyRunsNoQuery(t *testing.T) {
	t.Parallel()
	l := newLogin(t, store.SQLite)
	l.store.Close()
	occupy(t, l.passwords)
	for i := range maxWaiting {
		if _, err := l.passwords.places.join(fmt.Sprint("party ", i)); err != nil {
			t.Fatal(err)
		}
	}
	for name, ask := range l.hashingOperations(t) {
		wantCode(t, name, ask(), errs.Busy) // a query would fail with another error
	}
	if n := l.compared.Load(); n != 0 {
		t.Errorf("%d passwords were compared, want none", n)
	}
}

func TestPlaceIsAlwaysReturned(t *testing.T) {
	t.Parallel()
	broken := func(t *testing.T, ask func() error) {
		t.Helper()
		defer func() {
			if fault := recover(); fault != "broken" {
				t.Errorf("panic %v, want the comparison's", fault)
			}
		}()
		_ = ask()
	}
	l := newLogin(t, store.SQLite)
	l.during = func() {
		if n := placesPerSlot*cap(l.passwords.slots) - l.passwords.places.free; n != 1 {
			t.Errorf("%d places are taken while a password is compared, want 1", n)
		}
	}
	if err := l.try(t, password); err != nil {
		t.Error(err)
	}
	wantCode(t, "wrong password", l.try(t, "wrong"), errs.InvalidCredentials)
	wantCode(t, "change with a wrong password", l.change(t, "wrong"), errs.ValidationFailed)
	wantCode(t, "false token", l.ResetPassword(request(t, passwordReset), "token", otherWord), errs.InvalidOneTimeToken)
	if err := l.change(t, password); err != nil {
		t.Error(err)
	}
	ctx, leave := context.WithCancel(request(t, "auth.login"))
	l.during = leave
	if _, err := l.Login(ctx, l.user.Email, otherWord, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	l.during = func() { panic("broken") }
	broken(t, func() error { return l.try(t, otherWord) })
	broken(t, func() error { return l.change(t, password) })
	l.block(t)
	wantCode(t, "blocked log-in", l.try(t, otherWord), errs.TooManyAttempts)
	l.store.Close()
	for name, ask := range l.hashingOperations(t) {
		if err := ask(); err == nil || errs.Is(err, errs.Busy) {
			t.Errorf("%s without a database: %v", name, err)
		}
	}
	wantFree(t, l.passwords)
}

func TestTransactionsHoldNoPlaceForHashing(t *testing.T) {
	t.Parallel()
	l := newLogin(t, store.SQLite)
	finished := 0
	l.finishing = func() {
		finished++
		for range placesPerSlot * cap(l.passwords.slots) {
			leave, err := l.passwords.Enter(t.Context(), "somebody else")
			if err != nil {
				t.Error(err)
				return
			}
			defer leave()
		}
	}
	by := access.Principal{UserID: l.user.ID, HomeTenantID: l.user.TenantID, TenantID: l.user.TenantID, Email: l.user.Email}
	for name, f := range map[string]func() error{
		"log-in": func() error {
			_, err := l.Login(request(t, "auth.login"), l.user.Email, password, "")
			return err
		},
		"wrong password": func() error {
			_, err := l.Login(request(t, "auth.login"), l.user.Email, otherWord, "")
			return err
		},
		"unknown account": func() error { _, err := l.Login(request(t, "auth.login"), "b@example.com", password, ""); return err },
		"change with a wrong one": func() error {
			return l.ChangePassword(request(t, "auth.password_change"), by, otherWord, "nine green lanterns")
		},
		"unknown token": func() error { return l.ResetPassword(request(t, "auth.password_reset"), "none", otherWord) },
	} {
		before := finished
		if err := f(); finished != before+1 {
			t.Errorf("%s: %d transactions, want one; error %v", name, finished-before, err)
		}
	}
}

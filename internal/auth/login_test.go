package auth

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
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

// login is a service with one user. What is in during happens while a password is compared.
type login struct {
	*Service

	user     db.User
	during   func()
	compared atomic.Int64
}

func newLogin(t *testing.T, engine store.Engine) *login {
	t.Helper()
	hash := hashOf(t, password, bcrypt.MinCost)
	now := func() time.Time { return noon }
	newID := func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	l := &login{during: func() {}}
	passwords := NewPasswords(bcrypt.MinCost)
	passwords.compare = func(hash, password []byte) error {
		l.compared.Add(1)
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
	})
	if err != nil {
		t.Fatal(err)
	}
	l.user = db.User{
		TenantID: access.PlatformTenantID, ID: newID(), Email: "a@example.com", PasswordHash: &hash, FullName: "A", Role: "user", IsActive: true,
		CreatedAt: noon, UpdatedAt: noon, Version: 1,
	}
	if err := s.InsertUser(t.Context(), db.InsertUserParams(l.user)); err != nil {
		t.Fatal(err)
	}
	return l
}

// request is the context of a request for an operation with this audit action.
func request(t *testing.T, action string) context.Context {
	t.Helper()
	return access.WithRequest(t.Context(), &access.Request{ID: "r", IP: "192.0.2.1", Operation: access.Operation{AuditAction: action}})
}

func (l *login) try(t *testing.T, password string) error {
	t.Helper()
	_, _, err := l.Login(request(t, "auth.login"), l.user.Email, password)
	return err
}

func (l *login) change(t *testing.T, current string) error {
	t.Helper()
	by := access.Principal{UserID: l.user.ID, HomeTenantID: l.user.TenantID, TenantID: l.user.TenantID, Email: l.user.Email}
	return l.ChangePassword(request(t, "auth.password_change"), by, current, otherWord)
}

// block fails at the address of request until there is a delay.
func (l *login) block(t *testing.T) {
	t.Helper()
	g := &guesser{store: l.store, guesses: l.guesses}
	for range perAccountAndAddress.free + 1 {
		if err := g.fail(t.Context(), l.user.Email, "192.0.2.1"); err != nil {
			t.Error(err)
		}
	}
}

func (l *login) sessions(t *testing.T) int {
	t.Helper()
	alive, err := l.Sessions(t.Context(), access.Principal{HomeTenantID: l.user.TenantID, UserID: l.user.ID})
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
			t.Errorf("%d passwords were compared", n)
		}
	})
}

// Someone who sends many guesses at once must learn of one of them alone whether it is right.
func TestGuessThatIsBlockedWhileItIsComparedTellsNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		for _, given := range []string{password, "wrong"} {
			l := newLogin(t, engine)
			l.during = func() { l.block(t) }
			wantCode(t, "log-in with "+given, l.try(t, given), errs.TooManyAttempts)
			if n := l.sessions(t); n != 0 {
				t.Errorf("%d sessions", n)
			}
			l = newLogin(t, engine)
			l.during = func() { l.block(t) }
			wantCode(t, "password change with "+given, l.change(t, given), errs.TooManyAttempts)
			if n := failuresOf(t, &guesser{store: l.store}, l.guesses.about(l.user.Email, "192.0.2.1").pair); n != 6 {
				t.Errorf("%d failures are counted, want those 6 that were answered", n)
			}
		}
	})
}

func TestLoginUnderWayWhileThePasswordChangesIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		for _, cost := range []int{bcrypt.MinCost, bcrypt.MinCost + 1} { // the second one makes a stronger hash on the way
			l := newLogin(t, engine)
			l.passwords.cost = cost
			changed := hashOf(t, otherWord, bcrypt.MinCost)
			l.during = func() {
				l.during = func() {}
				rows, err := l.store.ReplaceUserPasswordHash(t.Context(), db.ReplaceUserPasswordHashParams{
					PasswordHash: &changed, UpdatedAt: noon, TenantID: l.user.TenantID, ID: l.user.ID, CheckedHash: l.user.PasswordHash,
				})
				if err != nil || rows != 1 {
					t.Errorf("%d rows, %v", rows, err)
				}
			}
			wantCode(t, "log-in", l.try(t, password), errs.InvalidCredentials)
			now, err := l.store.GetUser(t.Context(), db.GetUserParams{TenantID: l.user.TenantID, ID: l.user.ID})
			if err != nil || *now.PasswordHash != changed || now.LastLoginAt != nil || l.sessions(t) != 0 {
				t.Errorf("user %+v, %d sessions, %v; want the new password and no log-in", now, l.sessions(t), err)
			}
		}
	})
}

// Or the session would live again when the user is activated.
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
			t.Errorf("%d sessions", n)
		}
	})
}

// Who is authenticated when their user is deleted has no session any more, and no fault is ours.
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

// asking are the operations that hash or compare a password.
func (l *login) asking(t *testing.T) map[string]func() error {
	t.Helper()
	return map[string]func() error{
		"log-in":          func() error { return l.try(t, password) },
		"password change": func() error { return l.change(t, password) },
		"password reset":  func() error { return l.ResetPassword(request(t, passwordReset), "token", otherWord) },
	}
}

// In a storm, what a refusal costs is what the others lose.
func TestBusyAsksTheDatabaseNothing(t *testing.T) {
	t.Parallel()
	l := newLogin(t, store.SQLite)
	l.store.Close()
	occupy(t, l.passwords)
	l.passwords.waiting.Store(maxWaiting)
	for name, ask := range l.asking(t) {
		wantCode(t, name, ask(), errs.Busy) // a statement would be another error
	}
	if n := l.compared.Load(); n != 0 {
		t.Errorf("%d passwords were compared", n)
	}
}

func TestPlaceIsFreeHoweverItEnds(t *testing.T) {
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
		if n := len(l.passwords.places); n != 1 {
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
	if _, _, err := l.Login(ctx, l.user.Email, otherWord); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
	l.during = func() { panic("broken") }
	broken(t, func() error { return l.try(t, otherWord) })
	broken(t, func() error { return l.change(t, password) })
	l.block(t)
	wantCode(t, "blocked log-in", l.try(t, otherWord), errs.TooManyAttempts)
	l.store.Close()
	for name, ask := range l.asking(t) {
		if err := ask(); err == nil || errs.Is(err, errs.Busy) {
			t.Errorf("%s without a database: %v", name, err)
		}
	}
	wantFree(t, l.passwords)
}

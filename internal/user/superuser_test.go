package user_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/records"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/store/storetest"
	"github.com/tenantry/tenantry/internal/user"
)

const password = "seven purple umbrellas"

// newService returns a service of its own, like that of another instance.
func newService(t *testing.T, s *store.Store) *user.Service {
	t.Helper()
	secret := []byte("q7Vf0ZyT3mLr9XwKc2HsPd5NbJ8uEaGi4RtYoQ1eWxM6")
	now := func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	newID := func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	keys, err := audit.NewKeys(secret)
	if err != nil {
		t.Fatal(err)
	}
	trail := audit.NewLog(keys, now, newID)
	sessions, err := auth.NewService(s, trail, auth.NewPasswords(4), auth.Options{SecretKey: secret, Now: now, NewID: newID})
	if err != nil {
		t.Fatal(err)
	}
	return user.NewService(user.Parts{Parts: records.Parts{Store: s, Audit: trail, Now: now, NewID: newID}, Auth: sessions})
}

func TestOneOfManyCreatesTheFirstSuperuser(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, engine store.Engine) {
		s := storetest.New(t, engine)
		const instances = 16
		created := make([]bool, instances)
		// Every instance has found that there is no superuser before one of them begins to create
		// it.
		var looked, done sync.WaitGroup
		looked.Add(instances)
		for n := range instances {
			instance := *s
			instance.Querier = &lookAround{Querier: s.Querier, looked: &looked}
			service := newService(t, &instance)
			done.Go(func() {
				ctx := access.WithRequest(context.Background(), &access.Request{ID: "test"})
				var err error
				created[n], err = service.CreateFirstSuperuser(ctx, user.Superuser{Email: fmt.Sprintf("operator%d@example.com", n), FullName: "Operator", Password: password})
				if err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
		total := 0
		for _, c := range created {
			if c {
				total++
			}
		}
		users, err := s.CountAccounts(t.Context())
		if err != nil || total != 1 || users != 1 {
			t.Errorf("%d created one, and there are %d (%v); want 1", total, users, err)
		}
	})
}

// lookAround makes the first count of users wait until all instances have counted.
type lookAround struct {
	db.Querier

	looked *sync.WaitGroup
}

func (l *lookAround) CountUsers(ctx context.Context, p db.CountUsersParams) (int64, error) {
	n, err := l.Querier.CountUsers(ctx, p)
	l.looked.Done()
	l.looked.Wait()
	return n, err
}

func TestSuperusersKeepTheRulesForPasswords(t *testing.T) {
	t.Parallel()
	s := storetest.New(t, store.SQLite)
	service := newService(t, s)
	_, err := service.CreateSuperuser(t.Context(), user.Superuser{Email: "operator@example.com", FullName: "Operator", Password: "passwordpassword"})
	if !errs.Is(err, errs.ValidationFailed) {
		t.Errorf("%v, want validation_failed", err)
	}
	if n, err := s.CountAccounts(t.Context()); err != nil || n != 0 {
		t.Errorf("there are %d users (%v), want none", n, err)
	}
}

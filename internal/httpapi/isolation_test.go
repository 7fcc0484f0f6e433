package httpapi_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/admission"
	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/isolation"
)

// TestIsolation runs all attacks of package isolation, with a witness that reads the database.
func TestIsolation(t *testing.T) {
	t.Parallel()
	apitest.Each(t, func(t *testing.T, a *apitest.App) {
		newSuperuser := func(context.Context) (*isolation.Person, error) {
			// Only the flag makes a superuser; the role doesn't matter.
			user := a.User(t, access.PlatformTenantID, access.Viewer, func(u *db.User) { u.IsSuperuser = true })
			return &isolation.Person{Email: user.Email, Password: apitest.Password}, nil
		}
		superuser, err := newSuperuser(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		*a.Shares = *admission.NewUnbounded() // requests for all operations are paused at the same time
		witness := a.Witness(t)
		matrix := isolation.Matrix{
			URL: a.URL, HTTP: a.HTTPClient(), Operations: apitest.Operations(t), Run: isolation.NewRun(), Witness: witness,
			Superuser: superuser, NewSuperuser: newSuperuser,
			Hold: func(requestID string) (<-chan struct{}, func()) {
				held := a.HoldAfterLastLook(t, requestID)
				return held.Reached, sync.OnceFunc(func() {
					a.Clock.Advance(time.Second)
					held.Release()
				})
			},
			Expired: func(_ context.Context, p *isolation.Person) (string, error) {
				const day = 24 * time.Hour
				a.Clock.Advance(-day)
				defer a.Clock.Advance(day)
				return a.LoginAs(t, db.User{Email: p.Email}, p.Password).AccessToken, nil
			},
		}
		if os.Getenv("TEST_WITHOUT_ROW_LEVEL_SECURITY") != "" {
			withoutRowLevelSecurity(t, a)
			matrix.Only = []string{"getCompany"}
			matrix.Hold = nil // most endings would end the rights of all tenants
		}
		report, err := matrix.Attack(t.Context())
		if err != nil {
			t.Error(err)
		}
		if err := witness.CheckTrail(t.Context()); err != nil {
			t.Error(err)
		}
		for _, result := range report.Results {
			for _, v := range result.Violations {
				t.Errorf("%s: %s\n\t%s", result.Operation, v, v.Curl)
			}
		}
		if len(report.Skipped) > 0 || len(report.Results) != len(matrix.Operations) {
			t.Errorf("tried %d of %d operations, skipped %q", len(report.Results), len(matrix.Operations), report.Skipped)
		}
		t.Logf("%d requests", report.Requests())
	})
}

// withoutRowLevelSecurity disables row-level security for TestForgottenConditionsShowNoForeignRow,
// whose program has no conditions on tenant_id either. One operation is enough then, because hardly
// anything works.
func withoutRowLevelSecurity(t *testing.T, a *apitest.App) {
	t.Helper()
	const every = `DO $$
		DECLARE t regclass;
		BEGIN
			FOR t IN SELECT oid FROM pg_class WHERE relrowsecurity LOOP
				EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', t);
			END LOOP;
		END
		$$`
	if _, err := a.Database(t).ExecContext(t.Context(), every); err != nil {
		t.Fatal(err)
	}
}

package admission_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/admission"
	"github.com/tenantry/tenantry/internal/errs"
)

// A request waits at most five seconds for all of its places together.
func TestRequestWaitsForItsPlacesForFiveSeconds(t *testing.T) {
	t.Parallel()
	for _, work := range []access.Work{access.WorkLight, access.WorkHeavy, access.WorkSlow} {
		t.Run(string(work), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				shares := admission.NewShares(2)
				first, second, other := newTenant(), newTenant(), newTenant()
				if err := errors.Join(shares.Enter(t.Context(), work, first), shares.Enter(t.Context(), work, second)); err != nil {
					t.Fatal(err)
				}
				go func() { // gets the first request's light place
					if err := shares.Enter(t.Context(), access.WorkLight, other); err != nil {
						t.Error(err)
					}
				}()
				go func() {
					time.Sleep(3 * time.Second)
					shares.Leave(work, first)
				}()
				synctest.Wait()
				began := time.Now()
				err := shares.Enter(t.Context(), work, newTenant())
				if waited := time.Since(began); !errs.Is(err, errs.Busy) || waited != 5*time.Second {
					t.Errorf("%v after %s, want %s after 5s", err, waited, errs.Busy)
				}
			})
		})
	}
}

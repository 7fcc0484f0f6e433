package admission_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/admission"
)

func TestWorkThatTakesLongIsSlowForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pace := &admission.Pace{}
		want := func(when string, want access.Work) {
			t.Helper()
			synctest.Wait()
			if got := pace.WorkNow(access.WorkLight); got != want {
				t.Errorf("%s it is %s, want %s", when, got, want)
			}
			if got := pace.WorkNow(access.WorkHeavy); got != access.WorkHeavy {
				t.Errorf("heavy work becomes %s", got)
			}
		}
		fast := pace.Watch()
		time.Sleep(999 * time.Millisecond)
		fast.Stop()
		time.Sleep(time.Second)
		want("after less than a second", access.WorkLight)
		slow := pace.Watch()
		time.Sleep(time.Second)
		want("after a second", access.WorkSlow)
		slow.Stop()
		time.Sleep(9999 * time.Millisecond)
		want("ten seconds later", access.WorkSlow)
		time.Sleep(time.Millisecond)
		want("after that", access.WorkLight)
	})
}

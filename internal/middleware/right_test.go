package middleware

import (
	"net/http"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
)

// The transaction that writes the entry about a refusal doesn't check the ended permission, however
// late it begins.
func TestLostPermissionIsRecordedOnASlowMachine(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var s server
	s = serve(t, func(c echo.Context) error {
		s.people.demoted = true
		return access.StillAllowed(c.Request().Context())
	}, func(s *Stack) {
		s.Now = func() time.Time {
			now = now.Add(2 * time.Second)
			return now
		}
	})
	w := s.do(t.Context(), http.MethodPut, "/things/1", `{"name":"x"}`, "Authorization: Bearer admin", "Content-Type: application/json")
	if p := readProblem(t, w); string(p.Code) != string(errs.Forbidden) || s.people.denied != 1 {
		t.Errorf("code %s, %d entries; want %s and one entry", p.Code, s.people.denied, errs.Forbidden)
	}
}

package middleware

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/admission"
	"github.com/tenantry/tenantry/internal/errs"
)

// held returns the number of light places that are held.
func held(s *admission.Shares) int { return s.Stats()[0].Held }

func TestPlaceIsHeldByTheHandlerAndAlwaysReturned(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func() error{
		"success": func() error { return nil },
		"error":   func() error { return errs.New(errs.Internal, "x") },
		"panic":   func() error { panic("x") },
		"abort":   func() error { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shares, inside := admission.NewShares(4), 0
			s := serve(t, func(echo.Context) error {
				inside = held(shares)
				return end()
			}, func(s *Stack) { s.Shares = shares })
			func() {
				defer func() { _ = recover() }() // of http.ErrAbortHandler, which net/http handles
				s.do(t.Context(), http.MethodPut, "/things/1", `{"name":"x"}`, "Authorization: Bearer admin", "Content-Type: application/json")
			}()
			if inside != 1 || held(shares) != 0 {
				t.Errorf("%d places while the handler runs and %d after it, want 1 and 0", inside, held(shares))
			}
		})
	}
}

func TestSlowBodyHoldsNoPlace(t *testing.T) {
	t.Parallel()
	shares := admission.NewShares(4)
	s := serve(t, ok, func(s *Stack) { s.Shares = shares })
	while := -1
	body := io.MultiReader(strings.NewReader(`{"name":`), reading(func() { while = held(shares) }), strings.NewReader(`"x"}`))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/things/1", body)
	r.Header.Set("Authorization", "Bearer admin")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	if s.ServeHTTP(w, r); w.Code != http.StatusOK || while != 0 {
		t.Errorf("status %d, %d places held while the body arrived; want 200 and none", w.Code, while)
	}
}

func TestWhiteSpaceOfABodyIsNotKept(t *testing.T) {
	t.Parallel()
	var kept []byte
	s := serve(t, func(c echo.Context) error {
		var err error
		kept, err = io.ReadAll(c.Request().Body)
		return err
	})
	s.do(t.Context(), http.MethodPut, "/things/1", `{"name":`+strings.Repeat(" ", MaxBody/2)+`"a b"}`, "Authorization: Bearer admin", "Content-Type: application/json")
	if string(kept) != `{"name":"a b"}` {
		t.Errorf("%d bytes are kept while the request waits for a place", len(kept))
	}
}

// reading is called at this position of a body.
type reading func()

func (f reading) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

// Queries before the handler also count for the request's tenant.
func TestRefusalsAndAccessToOtherTenantsTakePlaces(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ target, token string }{
		"another tenant":     {"/things/1?tenant_id=" + other.String(), "viewer"},
		"not enough of role": {"/things/1", "viewer"},
		"crossing":           {"/things/1?tenant_id=" + other.String(), "superuser"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				shares := admission.NewShares(2)
				if err := shares.Enter(t.Context(), access.WorkLight, admission.Tenant(home)); err != nil {
					t.Fatal(err)
				}
				s := serve(t, ok, func(s *Stack) { s.Shares = shares })
				w := s.do(t.Context(), http.MethodPut, test.target, `{"name":"x"}`, "Authorization: Bearer "+test.token, "Content-Type: application/json")
				if p := readProblem(t, w); string(p.Code) != string(errs.Busy) || w.Header().Get("Retry-After") == "" {
					t.Errorf("status %d, Retry-After %q: %s; want %s", w.Code, w.Header().Get("Retry-After"), w.Body, errs.Busy)
				}
				if n := s.people.denied + s.people.entered; n != 0 {
					t.Errorf("the database was queried %d times, want none", n)
				}
			})
		})
	}
}

func TestAnonymousRequestsTakePlacesOfTheirAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shares := admission.NewShares(2)
		op := access.Operation{Work: access.WorkLight}
		send := func(ip string) error {
			ctx := access.WithRequest(context.Background(), &access.Request{IP: ip})
			c := echo.New().NewContext(httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil), httptest.NewRecorder())
			return Stack{Shares: shares}.admit(op)(func(echo.Context) error { return nil })(c)
		}
		if err := shares.Enter(t.Context(), access.WorkLight, admission.Network("192.0.2.1")); err != nil {
			t.Fatal(err)
		}
		if err := send("192.0.2.1"); !errs.Is(err, errs.Busy) {
			t.Errorf("an address whose places are in use: %v", err)
		}
		if err := send("192.0.2.2"); err != nil {
			t.Errorf("another address: %v", err)
		}
		if err := shares.Enter(t.Context(), access.WorkLight, admission.Tenant(uuid.New())); err != nil {
			t.Errorf("a tenant: %v", err)
		}
	})
}

// The permission may end while a request waits for its place, with a body and without one.
func TestPermissionIsCheckedAgainAfterAWaitForAPlace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body   string // empty: the operation has none
		err    error  // returned by every authentication after the wait began
		status int
		asked  int
	}{
		"it has ended":                 {`{"name":"x"}`, errs.New(errs.SessionEnded, "Ended."), http.StatusUnauthorized, 2},
		"it has ended, without a body": {"", errs.New(errs.SessionEnded, "Ended."), http.StatusUnauthorized, 2},
		"it is there":                  {`{"name":"x"}`, nil, http.StatusOK, 2},
		"it is there, without a body":  {"", nil, http.StatusOK, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				shares, ran := admission.NewShares(2), false
				if err := shares.Enter(t.Context(), access.WorkLight, admission.Tenant(home)); err != nil {
					t.Fatal(err)
				}
				s := serve(t, func(c echo.Context) error {
					ran = true
					return ok(c)
				}, func(s *Stack) {
					s.Shares = shares
					if test.body == "" {
						withoutBodies(s)
					}
				})
				replied := make(chan *httptest.ResponseRecorder, 1)
				go func() {
					headers := []string{"Authorization: Bearer admin"}
					if test.body != "" {
						headers = append(headers, "Content-Type: application/json")
					}
					replied <- s.do(t.Context(), http.MethodPut, "/things/1", test.body, headers...)
				}()
				synctest.Wait()
				if n := shares.Stats()[0].Waiting; n != 1 || ran {
					t.Fatalf("%d requests wait, handler has run: %t; want one waiting request", n, ran)
				}
				time.Sleep(rightAge)
				s.people.err = test.err
				shares.Leave(access.WorkLight, admission.Tenant(home))
				w := <-replied
				if w.Code != test.status || ran != (test.err == nil) || s.people.authenticated != test.asked {
					t.Errorf("status %d, the handler has run: %t, authenticated %d times; want %d, %t and %d",
						w.Code, ran, s.people.authenticated, test.status, test.err == nil, test.asked)
				}
				if n := held(shares); n != 0 {
					t.Errorf("%d places are held after the request, want none", n)
				}
			})
		})
	}
}

// withoutBodies removes the request bodies from operations.
func withoutBodies(s *Stack) {
	for _, op := range s.Operations {
		op.Spec.RequestBody = nil
	}
}

package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/problem"
	"github.com/tenantry/tenantry/internal/store"
)

// handle returns Handle's reply to err. The response has an ETag before.
func handle(ctx context.Context, err error) *httptest.ResponseRecorder {
	ctx = access.WithRequest(ctx, &access.Request{ID: "r-1", Path: "/things/1"})
	w := httptest.NewRecorder()
	c := echo.New().NewContext(httptest.NewRequestWithContext(ctx, http.MethodGet, "/things/1?hush=1", nil), w)
	c.Response().Header().Set("ETag", `"1"`)
	problem.Handle(err, c)
	return w
}

func TestErrorsBecomeProblems(t *testing.T) {
	t.Parallel()
	cause := errors.New("hush-cause")
	for _, test := range []struct {
		name string
		err  error
		want errs.Code
	}{
		{"one of ours", errs.New(errs.StaleVersion, "x"), errs.StaleVersion},
		{"one of ours with a cause", errs.New(errs.Forbidden, "x").Because(cause), errs.Forbidden},
		{"one of ours, wrapped", fmt.Errorf("hush: %w", errs.New(errs.AlreadyExists, "x")), errs.AlreadyExists},
		{"one of ours, joined", errors.Join(cause, errs.New(errs.AlreadyExists, "x")), errs.AlreadyExists},
		{"one of ours about a deadline", errs.New(errs.Unavailable, "x").Because(context.DeadlineExceeded), errs.Unavailable},
		{"one of ours about a missing row", errs.New(errs.SessionEnded, "x").Because(store.ErrNotFound), errs.SessionEnded},
		{"a missing row", fmt.Errorf("hush GetThing: %w", store.ErrNotFound), errs.NotFound},
		{"a deadline", fmt.Errorf("hush: %w", context.DeadlineExceeded), errs.Timeout},
		{"Echo: no such path", echo.ErrNotFound, errs.NotFound},
		{"Echo: no such method", echo.ErrMethodNotAllowed, errs.MethodNotAllowed},
		{"Echo: too large", echo.ErrStatusRequestEntityTooLarge, errs.BodyTooLarge},
		{"Echo: another type", echo.ErrUnsupportedMediaType, errs.UnsupportedMediaType},
		{"Echo: can't bind", echo.NewHTTPError(http.StatusBadRequest, "hush text as *uuid.UUID"), errs.ValidationFailed},
		{"Echo: can't validate", echo.NewHTTPError(http.StatusUnprocessableEntity, "hush"), errs.ValidationFailed},
		{"Echo: wrapped", fmt.Errorf("hush: %w", echo.ErrNotFound), errs.NotFound},
		{"Echo: anything else", echo.NewHTTPError(http.StatusTeapot, "hush"), errs.Internal},
		{"cancelled, while the client waits", context.Canceled, errs.Internal},
		{"stale, after all attempts", store.ErrStale, errs.Internal},
		{"anything else", fmt.Errorf("open /hush/file: %w", cause), errs.Internal},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := problem.Of(test.err)
			if e.Code != test.want {
				t.Errorf("code %s, want %s", e.Code, test.want)
			}
			// The log still gets the cause.
			if !errors.Is(e, test.err) && !errors.Is(test.err, e) {
				t.Errorf("%v isn't the cause of %v", test.err, e)
			}
			w := handle(t.Context(), test.err)
			if w.Code != test.want.Status() || w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("ETag") != "" {
				t.Errorf("status %d, headers %v", w.Code, w.Header())
			}
			if strings.Contains(w.Body.String(), "hush") || strings.Contains(fmt.Sprint(w.Header()), "hush") {
				t.Errorf("the reply reveals the cause: %v %s", w.Header(), w.Body)
			}
		})
	}
}

func TestProblemHasAllFieldsOfTheError(t *testing.T) {
	t.Parallel()
	err := errs.Invalid(errs.Field{Pointer: "/name", Detail: "is missing", Code: "required"}, errs.Field{Parameter: "limit", Detail: "must be at least 1", Code: "minimum"})
	var got api.Problem
	if err := json.Unmarshal(handle(t.Context(), err).Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := api.Problem{
		Type: "/errors/validation_failed", Title: "The request is not valid", Status: 422, Detail: "2 places of the request are not valid.",
		Instance: "/things/1", Code: "validation_failed", RequestID: "r-1",
		Errors: []api.ProblemField{
			{Pointer: new("/name"), Detail: "is missing", Code: "required"},
			{Parameter: new("limit"), Detail: "must be at least 1", Code: "minimum"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	const realm = `Bearer realm="tenantry"`
	for _, code := range errs.Codes() {
		want := ""
		switch code {
		case errs.Unauthenticated, errs.InvalidCredentials: // there was no token, so none can be wrong
			want = realm
		case errs.InvalidToken, errs.TokenExpired, errs.SessionEnded, errs.RefreshReused:
			want = realm + `, error="invalid_token", error_description="It is 'no' good."`
		default:
		}
		if got := handle(t.Context(), errs.New(code, `It is "no" good.`)).Header().Get("WWW-Authenticate"); got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
}

func TestRetryAfterIsInWholeSecondsAndNeverTooEarly(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]string{
		0: "", 1: "1", time.Second: "1", time.Second + 1: "2", 1500 * time.Millisecond: "2", time.Minute: "60",
	} {
		if got := handle(t.Context(), errs.New(errs.Busy, "x").After(after)).Header().Get("Retry-After"); got != want {
			t.Errorf("after %s: %q, want %q", after, got, want)
		}
	}
}

func TestNothingIsWrittenTwice(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	c := echo.New().NewContext(httptest.NewRequest(http.MethodGet, "/", nil), w)
	if err := c.String(http.StatusOK, "done"); err != nil {
		t.Fatal(err)
	}
	problem.Handle(errors.New("too late"), c)
	if w.Code != http.StatusOK || w.Body.String() != "done" {
		t.Errorf("status %d: %s; want what was written first", w.Code, w.Body)
	}
}

func TestNoProblemAfterTheClientHasGone(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if w := handle(ctx, fmt.Errorf("query: %w", ctx.Err())); w.Code != problem.StatusClientGone || w.Body.Len() != 0 {
		t.Errorf("status %d: %s; want 499 and nothing", w.Code, w.Body)
	}
	if w := handle(ctx, errs.New(errs.NotFound, "x")); w.Code != http.StatusNotFound {
		t.Errorf("status %d of an error that has nothing to do with it, want 404", w.Code)
	}
}

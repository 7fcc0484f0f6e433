package errs_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/errs"
)

func TestMethodsReturnACopy(t *testing.T) {
	t.Parallel()
	original := errs.New(errs.Busy, "x")
	changed := original.With(errs.Field{Code: "a"}).After(time.Second).Because(errors.New("why"))
	if len(original.Fields) != 0 || original.RetryAfter != 0 || original.Unwrap() != nil {
		t.Errorf("%+v has changed", original)
	}
	if changed.Code != errs.Busy || changed.Detail != "x" || len(changed.Fields) != 1 || changed.RetryAfter != time.Second || changed.Unwrap() == nil {
		t.Errorf("%+v lacks something", changed)
	}
}

func TestErrorIncludesTheCauseAndDetailDoesNot(t *testing.T) {
	t.Parallel()
	cause := errors.New("why")
	e := errs.New(errs.NotFound, "No.").Because(cause)
	if !errors.Is(e, cause) || !strings.Contains(e.Error(), "why") || e.Detail != "No." {
		t.Errorf("%q with detail %q", e, e.Detail)
	}
	if got := errs.New(errs.NotFound, "No.").Error(); got != "not_found: No." {
		t.Errorf("%q without a cause", got)
	}
}

func TestIsAndFromLookThroughWrapping(t *testing.T) {
	t.Parallel()
	e := errs.New(errs.NotFound, "x")
	wrapped := fmt.Errorf("read: %w", e)
	if !errs.Is(wrapped, errs.NotFound) || errs.Is(wrapped, errs.Forbidden) || errs.Is(nil, errs.NotFound) {
		t.Error("Is doesn't find the code, or another one")
	}
	if errs.From(wrapped) != e {
		t.Error("From doesn't find the error")
	}
	cause := errors.New("why")
	if got := errs.From(cause); got.Code != errs.Internal || !errors.Is(got, cause) || strings.Contains(got.Detail, "why") {
		t.Errorf("%+v, want internal with its cause hidden", got)
	}
}

func TestInvalidCountsThePlaces(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{1: "One place", 2: "2 places"} {
		if got := errs.Invalid(make([]errs.Field, n)...); got.Code != errs.ValidationFailed || len(got.Fields) != n || !strings.HasPrefix(got.Detail, want) {
			t.Errorf("%+v, want %s", got, want)
		}
	}
}

func TestUnknownCodeHasStatus500(t *testing.T) {
	t.Parallel()
	if got := errs.Code("unknown").Status(); got != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", got)
	}
}

func TestFaultsAreCountedButNotAllListed(t *testing.T) {
	t.Parallel()
	field := errs.Field{Pointer: "/" + strings.Repeat("ä", 1000), Detail: "d", Code: "c"}
	var f errs.Faults
	if err := f.Err(); err != nil {
		t.Errorf("%v of no fault", err)
	}
	for range errs.MaxFields {
		f.Add(field)
	}
	all := errs.From(f.Err())
	if len(all.Fields) != errs.MaxFields || all.More != 0 || all.Detail != "50 places of the request are not valid." {
		t.Errorf("%d places, %d more: %s", len(all.Fields), all.More, all.Detail)
	}
	if place := all.Fields[0].Pointer; len(place) > 300 || !strings.HasSuffix(place, "ä...") {
		t.Errorf("the place is %q", place)
	}
	f.Join(f)
	f.Omit(7)
	if more := errs.From(f.Err()); len(more.Fields) != errs.MaxFields || more.More != 57 || more.Detail != "107 places of the request are not valid; 50 of them are listed." {
		t.Errorf("%d places, %d more: %s", len(more.Fields), more.More, more.Detail)
	}
	if with := errs.New(errs.UnknownReference, "x").With(make([]errs.Field, 60)...); len(with.Fields) != errs.MaxFields || with.More != 10 {
		t.Errorf("%d places, %d more", len(with.Fields), with.More)
	}
}

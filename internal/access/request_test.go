package access_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
)

func TestRequestTravelsInItsContext(t *testing.T) {
	t.Parallel()
	request := &access.Request{ID: "r"}
	ctx := access.WithRequest(t.Context(), request)
	request.Principal = access.Principal{Email: "a@example.com"}
	if access.RequestFrom(ctx) != request || access.PrincipalFrom(ctx) != request.Principal {
		t.Error("the context has another request")
	}
}

func TestOutsideOfARequestThePrincipalIsZero(t *testing.T) {
	t.Parallel()
	if got := access.PrincipalFrom(t.Context()); got != (access.Principal{}) || got.TenantID != uuid.Nil {
		t.Errorf("%+v, want the zero Principal", got)
	}
	access.RequestFrom(t.Context()).ID = "lost"
	if got := access.RequestFrom(t.Context()).ID; got != "" {
		t.Errorf("id %q of another caller", got)
	}
}

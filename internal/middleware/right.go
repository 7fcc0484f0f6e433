package middleware

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/problem"
)

const (
	// rightAge is how long the transactions of a request rely on the last check of its principal.
	rightAge = time.Second
	// explainTimeout limits the queries after a failed request.
	explainTimeout = 5 * time.Second
)

// right is a principal's permission to make a request. It may end during the request.
type right struct {
	stack   *Stack
	op      *access.Operation
	request *access.Request
	refusal error   // set once the permission has ended
	denied  *denial // set if the refusal gets an audit entry
}

// denial has the arguments of Denials.Denied.
type denial struct {
	by       access.Principal
	tenantID uuid.UUID
}

// keepRight authenticates again if the request has a body, whose transfer the client can delay, or
// if it waited for a place for more than a second. It sets access.Request.Confirm and Renew for the
// handler. If the permission has ended while the handler ran, a failed request returns the refusal.
func (s Stack) keepRight(op access.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if op.RequiredRole == access.Anon {
			return next
		}
		return func(c echo.Context) error {
			ctx := c.Request().Context()
			r := &right{stack: &s, op: &op, request: access.RequestFrom(ctx)}
			if op.Spec.RequestBody != nil || s.Now().Sub(r.request.CheckedAt) >= rightAge {
				if err := r.recheck(ctx, c.Request().Header); err != nil {
					return err
				}
			}
			r.request.Confirm, r.request.Renew = r.confirm, r.renew
			return r.explain(ctx, next(c))
		}
	}
}

// recheck authenticates again, possibly from the cache, and updates the principal of the request.
func (r *right) recheck(ctx context.Context, h http.Header) error {
	token, err := bearerToken(h)
	if err != nil {
		return err
	}
	asked := r.stack.Now()
	now, err := r.stack.Authenticator.Authenticate(ctx, token)
	if err != nil {
		return err
	}
	now, denied, err := r.still(ctx, nil, now)
	if denied != nil {
		if err := r.stack.deny(ctx, denied.by, denied.tenantID); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	r.request.Principal, r.request.CheckedAt = now, asked
	return nil
}

// still returns the current principal in the tenant that the request acts in. It returns
// errs.NotFound if the principal can't act there any more, and errs.Forbidden if the role is
// insufficient; denied is set if the refusal gets an audit entry.
func (r *right) still(ctx context.Context, q db.Querier, now access.Principal) (_ access.Principal, denied *denial, err error) {
	if before := r.request.Principal; before.Crosses() {
		if now.Role != access.Superuser {
			return now, &denial{now, before.TenantID}, noSuchTenant()
		}
		err := r.stack.Tenants.CanEnter(ctx, q, before.TenantID)
		if errs.Is(err, errs.NotFound) {
			err = noSuchTenant()
		}
		if err != nil {
			return now, nil, err
		}
		now.TenantID = before.TenantID
	}
	if !now.Role.Satisfies(r.op.RequiredRole) {
		return now, &denial{by: now}, needsRole(r.op.RequiredRole)
	}
	return now, nil, nil
}

// confirm implements access.Request.Confirm.
func (r *right) confirm(ctx context.Context) error { return r.ask(ctx, nil) }

// renew implements access.Request.Renew.
func (r *right) renew(ctx context.Context, q db.Querier) error {
	if r.stack.Now().Sub(r.request.CheckedAt) < rightAge {
		return nil
	}
	return r.ask(ctx, q)
}

// ask checks in the database whether the principal may still make the request, and stores the
// result. It queries through q, or outside of a transaction if q is nil. It never uses the cache.
func (r *right) ask(ctx context.Context, q db.Querier) error {
	asked, before := r.stack.Now(), r.request.Principal
	var denied *denial
	now, err := r.stack.Authenticator.Confirm(ctx, q, before)
	if err == nil {
		now, denied, err = r.still(ctx, q, now)
	}
	if err == nil && before.Role == access.Superuser && now.Role != access.Superuser && r.op.RequiredRole != access.Any {
		// The handler may have made decisions for a superuser.
		denied, err = &denial{by: now}, needsRole(access.Superuser)
	}
	if err != nil && problem.Of(err).Status() >= http.StatusInternalServerError {
		return err // the check itself failed
	}
	r.request.CheckedAt, r.refusal, r.denied = asked, err, denied
	return err
}

// explain returns the refusal instead of err if the permission has ended during the request. So if
// the user or the tenant was deleted, the client gets the refusal and not an error about missing
// data.
func (r *right) explain(ctx context.Context, err error) error {
	if err == nil || r.refusal == nil && !r.mayBeGone(err) {
		return err
	}
	// The time limit of a stream may have passed.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), explainTimeout)
	defer cancel()
	if r.refusal == nil {
		_ = r.confirm(ctx) // if the check fails, err stays
	}
	if r.refusal == nil {
		return err
	}
	if r.denied != nil {
		r.request.Confirm, r.request.Renew = nil, nil // writing the entry must not check the ended permission
		if err := r.stack.deny(ctx, r.denied.by, r.denied.tenantID); err != nil {
			return err
		}
	}
	return r.refusal
}

// mayBeGone reports whether the deletion of the principal's user or tenant, or of the tenant that
// they act in, may have caused an error. It returns false for an ordinary 404 of GET, which is
// frequent, so that it causes no query.
func (r *right) mayBeGone(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	code := problem.Of(err).Code
	missing := code == errs.NotFound || code == errs.UnknownReference
	return code == errs.Internal || missing && (r.op.Method != http.MethodGet || r.op.Entity == "")
}

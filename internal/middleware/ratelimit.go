package middleware

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/problem"
	"github.com/tenantry/tenantry/internal/ratelimit"
)

// Limiter counts requests and decides whether they are allowed. times is a factor for the limit of
// the class.
type Limiter interface {
	Take(ctx context.Context, class access.RateClass, subject string, times int64) ratelimit.Verdict
}

// The headers of a rate-limited reply, by their canonical names.
const (
	headerPolicy    = "Ratelimit-Policy"
	headerLimit     = "Ratelimit"
	headerOldLimit  = "X-Ratelimit-Limit"
	headerOldLeft   = "X-Ratelimit-Remaining"
	headerOldReset  = "X-Ratelimit-Reset"
	secondsInPeriod = int(ratelimit.Period / time.Second)
)

// limitAddress counts requests by address: all requests of operations without authentication,
// before they are handled; and requests whose token is missing or invalid. Requests with a valid
// token aren't counted or refused here, because many users may share an address.
func (s Stack) limitAddress(op access.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		switch {
		case s.Limiter == nil || op.RateClass == access.RateNone:
			return next
		case op.RequiredRole == access.Anon:
			return func(c echo.Context) error {
				if err := s.takeFromAddress(c, op); err != nil {
					return err
				}
				return next(c)
			}
		}
		return func(c echo.Context) error {
			err := next(c)
			if err != nil && access.PrincipalFrom(c.Request().Context()).UserID == uuid.Nil && isRefusal(err) {
				if tooMany := s.takeFromAddress(c, op); tooMany != nil {
					return tooMany
				}
			}
			return err
		}
	}
}

func isRefusal(err error) bool {
	status := problem.Of(err).Status()
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// limitUser counts the requests of a user. It includes requests that are refused later, because
// each refusal writes an audit entry.
func (s Stack) limitUser(op access.Operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if s.Limiter == nil || op.RateClass == access.RateNone || op.RequiredRole == access.Anon {
			return next
		}
		return func(c echo.Context) error {
			by := access.PrincipalFrom(c.Request().Context())
			v := s.Limiter.Take(c.Request().Context(), op.RateClass, "user "+by.HomeTenantID.String()+" "+by.UserID.String(), 1)
			if err := s.applyVerdict(c, v); err != nil {
				return err
			}
			return next(c)
		}
	}
}

// takeFromAddress counts a request for each network of its address, until one exceeds its limit.
// The reply shows the strictest limit.
func (s Stack) takeFromAddress(c echo.Context, op access.Operation) error {
	ctx := c.Request().Context()
	var strictest ratelimit.Verdict
	for i, n := range access.Networks(access.RequestFrom(ctx).IP) {
		v := s.Limiter.Take(ctx, op.RateClass, "address "+n.Prefix, n.Allowance)
		if i == 0 || v.Remaining < strictest.Remaining || !v.Allowed {
			strictest = v
		}
		if !v.Allowed {
			break
		}
	}
	return s.applyVerdict(c, strictest)
}

// applyVerdict sets the rate limit headers: those of draft-ietf-httpapi-ratelimit-headers-10 and
// the older X-RateLimit headers. It returns errs.RateLimited if the request isn't allowed.
func (s Stack) applyVerdict(c echo.Context, v ratelimit.Verdict) error {
	seconds := int(v.Reset / time.Second)
	h := c.Response().Header()
	limit, left, class := strconv.FormatInt(v.Limit, 10), strconv.FormatInt(v.Remaining, 10), `"`+string(v.Class)+`"`
	h.Set(headerPolicy, class+";q="+limit+";w="+strconv.Itoa(secondsInPeriod))
	h.Set(headerLimit, class+";r="+left+";t="+strconv.Itoa(seconds))
	h.Set(headerOldLimit, limit)
	h.Set(headerOldLeft, left)
	h.Set(headerOldReset, strconv.FormatInt(v.ResetAt.Unix(), 10))
	if v.Allowed {
		return nil
	}
	s.Metrics.rateLimited.WithLabelValues(string(v.Class)).Inc()
	return errs.Newf(errs.RateLimited, "There were too many requests. Try again in %d seconds.", seconds).After(v.Reset)
}

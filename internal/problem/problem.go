// Package problem writes errors to clients, as application/problem+json (RFC 9457).
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/store"
)

// ContentType is the media type of a problem.
const ContentType = "application/problem+json"

// StatusClientGone is logged if the client has closed the connection before the reply. It is
// nginx's number.
const StatusClientGone = 499

// Handle is Echo's error handler. It is the only place where an error becomes a reply.
func Handle(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	if errors.Is(err, context.Canceled) && c.Request().Context().Err() != nil {
		c.Response().WriteHeader(StatusClientGone)
		return
	}
	e := Of(err)
	header := c.Response().Header()
	if challenge := challenge(e); challenge != "" {
		header.Set(echo.HeaderWWWAuthenticate, challenge)
	}
	if e.RetryAfter > 0 {
		header.Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	header.Set(echo.HeaderContentType, ContentType)
	header.Del("ETag") // these two belong to the reply that it replaces
	header.Del(echo.HeaderContentLength)
	body, err := json.Marshal(New(e, access.RequestFrom(c.Request().Context())))
	if err != nil {
		body = []byte("{}")
	}
	c.Response().WriteHeader(e.Status())
	_, _ = c.Response().Write(body) // an error means that the client has gone
}

// Of returns the error to show to the client: the *errs.Error in err's tree, the equivalent of an
// error of Echo, or else errs.Internal.
func Of(err error) *errs.Error {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e
	}
	if errors.Is(err, store.ErrNotFound) {
		return errs.New(errs.NotFound, "There is no such resource.").Because(err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errs.New(errs.Timeout, "This took too long and was stopped.").Because(err)
	}
	if fromEcho, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch fromEcho.Code {
		case http.StatusNotFound:
			return errs.New(errs.NotFound, "There is nothing at this path.").Because(err)
		case http.StatusMethodNotAllowed:
			return errs.New(errs.MethodNotAllowed, "This path does not allow the method. The Allow header lists the allowed methods.").Because(err)
		case http.StatusRequestEntityTooLarge:
			return errs.New(errs.BodyTooLarge, "The body is too large.").Because(err)
		case http.StatusUnsupportedMediaType:
			return errs.New(errs.UnsupportedMediaType, "The body must be application/json.").Because(err)
		case http.StatusBadRequest, http.StatusUnprocessableEntity:
			return errs.Invalid(errs.Field{Detail: "The request is not valid.", Code: "not_allowed"}).Because(err)
		}
	}
	return errs.From(err)
}

// New returns the body of a problem document.
func New(e *errs.Error, r *access.Request) api.Problem {
	p := api.Problem{
		Type: "/errors/" + string(e.Code), Title: e.Code.Title(), Status: int32(e.Status()), //nolint:gosec // three digits
		Detail:   e.Detail,
		Instance: r.Path, Code: api.ErrorCode(e.Code), RequestID: r.ID,
	}
	if e.More > 0 {
		p.MoreErrors = new(int64(e.More))
	}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, api.ProblemField{
			Pointer: optional(f.Pointer), Parameter: optional(f.Parameter), Detail: f.Detail, Code: f.Code,
		})
	}
	return p
}

// challenge returns the WWW-Authenticate header of a 401 (RFC 6750, section 3).
func challenge(e *errs.Error) string {
	const realm = `Bearer realm="tenantry"`
	switch {
	case e.Status() != http.StatusUnauthorized:
		return ""
	case e.Code == errs.Unauthenticated || e.Code == errs.InvalidCredentials:
		return realm
	default:
		return fmt.Sprintf(`%s, error="invalid_token", error_description="%s"`, realm, strings.ReplaceAll(e.Detail, `"`, "'"))
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

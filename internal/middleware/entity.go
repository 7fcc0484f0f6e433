package middleware

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
)

const (
	headerETag        = "ETag"
	headerIfMatch     = "If-Match"
	headerIfNoneMatch = "If-None-Match"
)

// tagEntity completes the entity tags of replies with the digest of their bodies. It also evaluates
// the preconditions of GET, which need the complete tag: the reply is then 304, or the error
// errs.StaleVersion. Other methods evaluate preconditions in the transaction that changes the row.
func tagEntity(op access.Operation) echo.MiddlewareFunc {
	if !hasEntityTag(op) {
		return func(next echo.HandlerFunc) echo.HandlerFunc { return next }
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			reply := c.Response()
			tagged := &taggedReply{Response: reply, isRead: op.Method == http.MethodGet, request: c.Request().Header}
			c.SetResponse(echo.NewResponse(tagged, c.Echo()))
			defer c.SetResponse(reply)
			if err := next(c); err != nil {
				return err
			}
			return tagged.finish()
		}
	}
}

// hasEntityTag reports whether one of the operation's replies has an ETag header.
func hasEntityTag(op access.Operation) bool {
	for _, reply := range op.Spec.Responses.Map() {
		if reply.Value.Headers[headerETag] != nil {
			return true
		}
	}
	return false
}

// taggedReply delays the status of a reply until its body is known. The body must come in one
// Write.
type taggedReply struct {
	*echo.Response

	isRead  bool
	request http.Header
	status  int // delayed status; 0 if there is none
}

// WriteHeader delays the status.
func (r *taggedReply) WriteHeader(status int) { r.status = status }

// Write sends the reply, or returns errs.StaleVersion.
func (r *taggedReply) Write(body []byte) (int, error) {
	header := r.Header()
	if row := header.Get(headerETag); row != "" {
		tag := etag.Complete(row, body)
		header.Set(headerETag, tag)
		if r.isRead {
			unchanged, err := r.evaluate(tag)
			if err != nil {
				return 0, err
			}
			if unchanged {
				header.Del(echo.HeaderContentLength)
				header.Del(echo.HeaderContentType)
				r.status = http.StatusNotModified
				return len(body), r.finish()
			}
		}
	}
	if err := r.finish(); err != nil {
		return 0, err
	}
	return r.Response.Write(body)
}

// evaluate reports whether the client of a GET already has the reply. It returns errs.StaleVersion
// if If-Match doesn't match.
func (r *taggedReply) evaluate(tag string) (unchanged bool, err error) {
	condition := etag.Preconditions(value(r.request, headerIfMatch), value(r.request, headerIfNoneMatch))
	if !condition.Matches(tag) {
		return false, errs.New(errs.StaleVersion, "The resource has changed since you read it.")
	}
	return condition.Unchanged(tag), nil
}

// finish sends the delayed status.
func (r *taggedReply) finish() error {
	if r.status != 0 {
		r.Response.WriteHeader(r.status)
		r.status = 0
	}
	return nil
}

// value returns the value of a header, which validate has joined into one line; nil if it is
// absent.
func value(h http.Header, name string) *string {
	if values := h[http.CanonicalHeaderKey(name)]; len(values) > 0 {
		return &values[0]
	}
	return nil
}

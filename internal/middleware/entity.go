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

// tagEntity completes the entity tags of an operation's replies with the digest of their bodies. It evaluates the preconditions of
// GET, which need the complete tag: the reply is then 304, or the error errs.StaleVersion. Other methods evaluate theirs in the
// transaction that changes the row.
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

// hasEntityTag reports whether one of the operation's replies has the header ETag.
func hasEntityTag(op access.Operation) bool {
	for _, reply := range op.Spec.Responses.Map() {
		if reply.Value.Headers[headerETag] != nil {
			return true
		}
	}
	return false
}

// taggedReply holds the status of a reply back until its body is known, which comes in one Write.
type taggedReply struct {
	*echo.Response

	isRead  bool
	request http.Header
	status  int // 0: nothing is held back
}

// WriteHeader holds the status back.
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

// evaluate reports whether the client of a GET has the reply already. The error is errs.StaleVersion if If-Match doesn't allow it.
func (r *taggedReply) evaluate(tag string) (unchanged bool, err error) {
	condition := etag.Preconditions(value(r.request, headerIfMatch), value(r.request, headerIfNoneMatch))
	if !condition.Matches(tag) {
		return false, errs.New(errs.StaleVersion, "It has changed since you read it.")
	}
	return condition.Unchanged(tag), nil
}

// finish sends the status that is held back.
func (r *taggedReply) finish() error {
	if r.status != 0 {
		r.Response.WriteHeader(r.status)
		r.status = 0
	}
	return nil
}

// value returns the value of a header that validate has made one line; nil if there is none.
func value(h http.Header, name string) *string {
	if values := h[http.CanonicalHeaderKey(name)]; len(values) > 0 {
		return &values[0]
	}
	return nil
}

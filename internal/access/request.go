package access

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/gen/db"
)

// Request is what is known of the request that is being served. The middleware fills it in on the way; there is one per
// request, and only one goroutine at a time works on it.
type Request struct {
	ID        string
	TraceID   string // of the W3C trace that it is part of; empty without one
	IP        string
	UserAgent string
	Method    string
	Path      string // as the client sent it: escaped, without the query
	Legacy    bool   // it is one of the predecessor's paths
	RawQuery  string
	Accept    []string // the headers that say what the client takes, and how it may be packed
	Encodings []string
	Operation Operation
	Principal Principal // zero until authentication
	Admitted  bool      // it holds its place, see package admission
	CheckedAt time.Time // when the last answered question about the principal's right was asked
	// Confirm asks the database whether the principal may still do this; nil before the handler and outside of
	// a request.
	Confirm func(ctx context.Context) error
	// Renew asks the same through q, but only if the last answer is older than a second; nil if Confirm is nil.
	Renew func(ctx context.Context, q db.Querier) error
}

type contextKey struct{}

// WithRequest returns a context that carries r.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, contextKey{}, r)
}

// RequestFrom returns the request that ctx carries; outside of one, as on the command line, an empty one.
func RequestFrom(ctx context.Context) *Request {
	if r, ok := ctx.Value(contextKey{}).(*Request); ok {
		return r
	}
	return &Request{}
}

// PrincipalFrom returns who makes the request. Where the document requires no log-in it is the zero Principal, which
// belongs to no tenant.
func PrincipalFrom(ctx context.Context) Principal { return RequestFrom(ctx).Principal }

// StillAllowed returns an error when the principal of the request has lost the right to it since it began: the session
// has ended, or the role, the user or the tenant is no longer what the operation needs. Streams call it with each part.
// Outside of a request it returns nil.
func StillAllowed(ctx context.Context) error {
	if confirm := RequestFrom(ctx).Confirm; confirm != nil {
		return confirm(ctx)
	}
	return nil
}

// StillAllowedIn is StillAllowed through the queries of a transaction, for which an answer is good for a
// second. store.Tx calls it at the beginning of each attempt and before the commit.
func StillAllowedIn(ctx context.Context, q db.Querier) error {
	if renew := RequestFrom(ctx).Renew; renew != nil {
		return renew(ctx, q)
	}
	return nil
}

const maxRequestID = 128

// IsRequestID reports whether a client's request id may go into logs, headers and columns as it is.
func IsRequestID(id string) bool {
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return 0 < len(id) && len(id) <= maxRequestID
}

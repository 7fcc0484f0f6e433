package access

import (
	"context"
	"time"

	"github.com/tenantry/tenantry/gen/db"
)

// Request has the data of the request that is being served. The middleware fills it in. There is
// one per request, and only one goroutine at a time uses it.
type Request struct {
	ID        string
	TraceID   string // id of the W3C trace; empty without one
	IP        string
	UserAgent string
	Method    string
	Path      string // as the client sent it: escaped, without the query
	Legacy    bool   // the path is one of the predecessor's
	RawQuery  string
	Accept    []string // the Accept and Accept-Encoding headers
	Encodings []string
	Operation Operation
	Principal Principal // zero until authentication
	Admitted  bool      // the request holds its place; see package admission
	CheckedAt time.Time // when the principal was last checked
	// Confirm checks in the database whether the principal may still make the request. It is nil
	// before the handler and outside of a request.
	Confirm func(ctx context.Context) error
	// Renew is like Confirm, but queries through q, and only if the last check is older than a
	// second. It is nil if Confirm is.
	Renew func(ctx context.Context, q db.Querier) error
}

type contextKey struct{}

// WithRequest returns a context that carries r.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, contextKey{}, r)
}

// RequestFrom returns the request in ctx. Without one, as on the command line, it returns an empty
// request.
func RequestFrom(ctx context.Context) *Request {
	if r, ok := ctx.Value(contextKey{}).(*Request); ok {
		return r
	}
	return &Request{}
}

// PrincipalFrom returns the principal of the request in ctx. Without authentication it is the zero
// Principal, which has no tenant.
func PrincipalFrom(ctx context.Context) Principal { return RequestFrom(ctx).Principal }

// StillAllowed returns an error if the principal has lost access since the request began: the
// session has ended, or the role, the user or the tenant no longer permits the operation. Streams
// call it for each part. Outside of a request it returns nil.
func StillAllowed(ctx context.Context) error {
	if confirm := RequestFrom(ctx).Confirm; confirm != nil {
		return confirm(ctx)
	}
	return nil
}

// StillAllowedIn is like StillAllowed within a transaction. The result of a check is valid for a
// second. store.Tx calls it at the beginning of each attempt and before the commit.
func StillAllowedIn(ctx context.Context, q db.Querier) error {
	if renew := RequestFrom(ctx).Renew; renew != nil {
		return renew(ctx, q)
	}
	return nil
}

const maxRequestID = 128

// IsRequestID reports whether a client's request id is safe for logs, headers and columns.
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

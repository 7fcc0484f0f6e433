package access

import "context"

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

package paging

import (
	"context"
	"fmt"
	"net/url"

	"github.com/tenantry/tenantry/internal/access"
)

// Next returns next_cursor and the Link header (RFC 8288) of a page: the same address with another
// cursor. Both are nil on the last page.
func Next(ctx context.Context, path, cursor string) (next, link *string) {
	if cursor == "" {
		return nil, nil
	}
	query, err := url.ParseQuery(access.RequestFrom(ctx).RawQuery)
	if err != nil {
		query = url.Values{} // can't happen, because the middleware refuses such a query
	}
	query.Set("cursor", cursor)
	header := fmt.Sprintf(`<%s?%s>; rel="next"`, path, query.Encode())
	return &cursor, &header
}

// Items converts the rows of a page. The result is never nil, because that would become JSON's
// null.
func Items[From, To any](in []From, f func(From) To) []To {
	out := make([]To, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}

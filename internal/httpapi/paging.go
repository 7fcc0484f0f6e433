package httpapi

import (
	"context"
	"fmt"
	"net/url"

	"github.com/tenantry/tenantry/internal/access"
)

// nextPage returns next_cursor and the Link header (RFC 8288) of a page: the same address with another cursor. Both are
// nil on the last page.
func nextPage(ctx context.Context, path, cursor string) (next, link *string) {
	if cursor == "" {
		return nil, nil
	}
	query, err := url.ParseQuery(access.RequestFrom(ctx).RawQuery)
	if err != nil {
		query = url.Values{} // can't be: the middleware has refused it
	}
	query.Set("cursor", cursor)
	header := fmt.Sprintf(`<%s?%s>; rel="next"`, path, query.Encode())
	return &cursor, &header
}

package paging

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
)

// maxName is the most characters that a name may have.
const maxName = 200

// Place is where a row stands in the orders of a list: a page starts after one.
type Place struct {
	CreatedAt time.Time
	NameKey   string
	ID        uuid.UUID
}

// The places before the first row of each order.
var (
	lowest  = Place{CreatedAt: time.Unix(0, 0).UTC()}
	highest = Place{CreatedAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), NameKey: strings.Repeat("\U0010ffff", maxName), ID: uuid.Max}
)

// Query returns at most limit rows of a list that come after a place, in one order.
type Query[Row any] func(ctx context.Context, after Place, limit int32) ([]Row, error)

// By is the Query that asks the store with the parameters that params makes.
func By[Params, Row any](ask func(context.Context, Params) ([]Row, error), params func(after Place, limit int32) Params) Query[Row] {
	return func(ctx context.Context, after Place, limit int32) ([]Row, error) {
		return ask(ctx, params(after, limit))
	}
}

// Source is where a list's rows come from.
type Source[Row any] struct {
	Orders map[api.Sort]Query[Row]
	// Count returns the number of rows of the whole list.
	Count func(ctx context.Context) (int64, error)
	Place func(Row) Place
}

// Request is what a client says of a list beside the filters.
type Request struct {
	Sort   *api.Sort
	Cursor *string
	Limit  *int32
	Count  *bool
}

// Read returns a page of a list, whose Sort it takes from the request. A cursor that doesn't fit is errs.InvalidCursor.
func Read[Row any](ctx context.Context, c *Cursors, list List, in Request, from Source[Row]) (Page[Row], error) {
	sort := api.SortCreatedAt
	if in.Sort != nil {
		sort = *in.Sort
	}
	query, ok := from.Orders[sort]
	if !ok {
		return Page[Row]{}, fmt.Errorf("unknown sort %q", sort)
	}
	list.Sort = string(sort)
	after, err := start(c, list, sort, in.Cursor)
	if err != nil {
		return Page[Row]{}, err
	}

	// One row more than the page has says whether there is another page.
	limit := Limit(in.Limit)
	rows, err := query(ctx, after, limit+1)
	if err != nil {
		return Page[Row]{}, err
	}
	page := Page[Row]{Items: rows}
	if len(rows) > int(limit) {
		page.Items = rows[:limit]
		if page.NextCursor, err = c.Encode(list, position(sort, from.Place(rows[limit-1]))); err != nil {
			return Page[Row]{}, err
		}
	}
	if in.Count != nil && *in.Count {
		total, err := from.Count(ctx)
		if err != nil {
			return Page[Row]{}, err
		}
		page.Total = &total
	}
	return page, nil
}

// start is the place after which the page begins that a cursor asks for; without one, the first page.
func start(c *Cursors, list List, sort api.Sort, cursor *string) (Place, error) {
	if cursor == nil {
		if sort == api.SortCreatedAtDesc || sort == api.SortNameDesc {
			return highest, nil
		}
		return lowest, nil
	}
	p, err := c.Decode(list, *cursor)
	if err != nil {
		return Place{}, err
	}
	place := Place{NameKey: p.Key, ID: p.ID}
	if byTime(sort) {
		if place.CreatedAt, err = time.Parse(time.RFC3339Nano, p.Key); err != nil {
			return Place{}, fmt.Errorf("decode cursor: %w", err)
		}
	}
	return place, nil
}

// position is what start makes a place of again.
func position(sort api.Sort, p Place) Position {
	if byTime(sort) {
		return Position{Key: p.CreatedAt.Format(time.RFC3339Nano), ID: p.ID}
	}
	return Position{Key: p.NameKey, ID: p.ID}
}

func byTime(sort api.Sort) bool { return sort == api.SortCreatedAt || sort == api.SortCreatedAtDesc }

package paging

import (
	"context"

	"github.com/tenantry/tenantry/gen/db"
)

// Request holds the list parameters of a request, except for the filters.
type Request struct {
	Sort   *string // nil for the default
	Cursor *string
	Limit  *int32
	Count  *bool
	// First, if set, is where the first page starts, instead of at the first row of the order.
	First *db.Place
}

// Read returns a page of a list. It returns errs.InvalidCursor if the cursor isn't of this list.
func Read[Row, Filters any](
	ctx context.Context, c *Cursors, q db.Querier, list db.List[Row, Filters], filters Filters, in Request,
) (Page[Row], error) {
	order, err := list.Order(in.Sort)
	if err != nil {
		return Page[Row]{}, err
	}
	bound := List{Name: list.Name, Sort: order.Sort, Filters: filters}
	after := order.First
	switch {
	case in.Cursor != nil:
		if after, err = c.Decode(bound, *in.Cursor); err != nil {
			return Page[Row]{}, err
		}
	case in.First != nil:
		after = *in.First
	}

	// Reading one row more than the page has shows whether there is another page.
	limit := Limit(in.Limit)
	rows, err := order.Rows(ctx, q, filters, after, limit+1)
	if err != nil {
		return Page[Row]{}, err
	}
	page := Page[Row]{Items: rows}
	if len(rows) > int(limit) {
		page.Items = rows[:limit]
		last, err := order.Place(rows[limit-1])
		if err != nil {
			return Page[Row]{}, err
		}
		if page.NextCursor, err = c.Encode(bound, last); err != nil {
			return Page[Row]{}, err
		}
	}
	if in.Count != nil && *in.Count {
		total, err := list.Count(ctx, q, filters)
		if err != nil {
			return Page[Row]{}, err
		}
		page.Total = &total
	}
	return page, nil
}

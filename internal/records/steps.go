package records

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

// Step deletes or detaches the rows of a table when a tenant is deleted.
type Step struct {
	Table string
	// Batch handles up to limit rows of a tenant whose ids are greater than after. It returns the
	// last id, or the zero id if there were no rows.
	Batch func(ctx context.Context, q db.Querier, tenantID, after uuid.UUID, limit int32) (uuid.UUID, error)
}

// ByID returns a step that lists the next ids and then calls do with the range of these ids.
func ByID[Page ~struct {
	TenantID uuid.UUID `json:"tenant_id"`
	AfterID  uuid.UUID `json:"after_id"`
	Limit    int32     `json:"limit"`
}, Range ~struct {
	TenantID uuid.UUID `json:"tenant_id"`
	AfterID  uuid.UUID `json:"after_id"`
	LastID   uuid.UUID `json:"last_id"`
}](
	table string, list func(db.Querier, context.Context, Page) ([]uuid.UUID, error),
	do func(db.Querier, context.Context, Range) (int64, error),
) Step {
	return Step{Table: table, Batch: func(ctx context.Context, q db.Querier, tenantID, after uuid.UUID, limit int32) (uuid.UUID, error) {
		ids, err := list(q, ctx, Page{TenantID: tenantID, AfterID: after, Limit: limit})
		if err != nil || len(ids) == 0 {
			return uuid.Nil, err
		}
		last := ids[len(ids)-1]
		_, err = do(q, ctx, Range{TenantID: tenantID, AfterID: after, LastID: last})
		return last, err
	}}
}

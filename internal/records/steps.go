package records

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
)

// Step is what the removal of a tenant does with the rows of a table.
type Step struct {
	Table string
	// Batch is done with the next rows of a tenant, those after an id. It returns the last one's
	// id; the zero id if there were none.
	Batch func(ctx context.Context, q db.Querier, tenantID, after uuid.UUID, limit int32) (uuid.UUID, error)
}

// ByID is a step that lists the next ids and then does something with the rows of that range.
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

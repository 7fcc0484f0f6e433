package isolation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/access"
)

// Witness reads what requests have changed.
type Witness interface {
	// Begin is called once, after the tenants and people were created.
	Begin(ctx context.Context, w World) error
	// State returns all rows that the witness can see, except the audit trail.
	State(ctx context.Context) (State, error)
	// Entries returns the audit entries written since the last call.
	Entries(ctx context.Context) ([]Entry, error)
	// SeesAll reports whether the witness sees every row.
	SeesAll() bool
}

// remoteWitness reads what the API shows to the tenants' admins.
type remoteWitness struct {
	matrix *Matrix
	lists  []access.Operation
	newest map[*Tenant]uuid.UUID // the id of the newest audit entry read
}

func (w *remoteWitness) SeesAll() bool { return false }

// Begin finds the tenant-bound lists.
func (w *remoteWitness) Begin(ctx context.Context, _ World) error {
	trail := w.matrix.byID["listAuditLogs"]
	for _, op := range w.matrix.Operations {
		for _, p := range op.Parameters {
			if p.In == openapi3.ParameterInQuery && p.Name == "cursor" && op.TenantBound && op.Entity == "" && op.ID != trail.ID {
				w.lists = append(w.lists, op)
			}
		}
	}
	_, err := w.Entries(ctx)
	return err
}

func (w *remoteWitness) State(ctx context.Context) (State, error) {
	state := State{}
	for _, t := range []*Tenant{w.matrix.own, w.matrix.other} {
		for _, op := range w.lists {
			err := w.each(ctx, op.ID, w.matrix.admins[t], nil, func(item json.RawMessage) (bool, error) {
				var row struct{ ID uuid.UUID }
				if err := json.Unmarshal(item, &row); err != nil {
					return false, fmt.Errorf("%s: decode item: %w", op.ID, err)
				}
				state[Row{Tenant: t.ID, Table: op.ID, Key: row.ID.String()}] = string(item)
				return true, nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return state, nil
}

// Entries reads each trail from its newest entry back to the newest one of the last call.
func (w *remoteWitness) Entries(ctx context.Context) ([]Entry, error) {
	m := w.matrix
	var entries []Entry
	for _, t := range []*Tenant{m.own, m.other, m.suspended, m.platform} {
		reader, query := m.admins[t], url.Values{}
		if t == m.suspended {
			reader, query = m.Superuser, inTenant(t)
		}
		var newest uuid.UUID
		err := w.each(ctx, "listAuditLogs", reader, query, func(item json.RawMessage) (bool, error) {
			var e struct {
				ID        uuid.UUID
				RequestID string `json:"request_id"`
				Action    string
				Outcome   string
				Actor     struct{ ID uuid.UUID }
			}
			if err := json.Unmarshal(item, &e); err != nil {
				return false, fmt.Errorf("decode audit entry: %w", err)
			}
			if newest == uuid.Nil {
				newest = e.ID
			}
			if e.ID == w.newest[t] || w.newest[t] == uuid.Nil {
				return false, nil
			}
			entries = append(entries, Entry{TenantID: t.ID, RequestID: e.RequestID, Action: e.Action, Outcome: e.Outcome, ActorID: e.Actor.ID})
			return true, nil
		})
		if err != nil {
			return nil, err
		}
		w.newest[t] = newest
	}
	return entries, nil
}

// each calls f for every item of a list, page by page, until f returns false.
func (w *remoteWitness) each(ctx context.Context, operation string, by *Person, query url.Values, f func(json.RawMessage) (bool, error)) error {
	query = maps.Clone(query)
	if query == nil {
		query = url.Values{}
	}
	query.Set("limit", "100")
	for {
		var page struct {
			Items      []json.RawMessage
			NextCursor string `json:"next_cursor"`
		}
		if err := w.matrix.do(ctx, operation, by, "", query, nil, &page); err != nil {
			return err
		}
		for _, item := range page.Items {
			if more, err := f(item); err != nil || !more {
				return err
			}
		}
		if page.NextCursor == "" {
			return nil
		}
		query.Set("cursor", page.NextCursor)
	}
}

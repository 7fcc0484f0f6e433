package httpapi

import (
	"context"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
)

// GetOrganisationTree returns the companies with all that is below them.
func (h *Handlers) GetOrganisationTree(ctx context.Context, r api.GetOrganisationTreeRequestObject) (api.GetOrganisationTreeResponseObject, error) {
	tree, err := h.Trees.Read(ctx, access.PrincipalFrom(ctx), r.Params.CompanyID)
	if err != nil {
		return nil, err
	}
	return api.GetOrganisationTree200JSONResponse(tree), nil
}

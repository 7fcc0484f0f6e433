package httpapi

import (
	"context"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/etag"
)

const branchesPath = "/api/v1/org/branches"

// ListBranches returns a page of branches.
func (h *Handlers) ListBranches(ctx context.Context, r api.ListBranchesRequestObject) (api.ListBranchesResponseObject, error) {
	page, err := h.Branches.List(ctx, access.PrincipalFrom(ctx), r.Params)
	if err != nil {
		return nil, err
	}
	next, link := nextPage(ctx, branchesPath, page.NextCursor)
	return api.ListBranches200JSONResponse{
		Body:    api.BranchPage{Items: convert(page.Items, toAPIBranch), NextCursor: next, Total: page.Total},
		Headers: api.ListBranches200ResponseHeaders{Link: link},
	}, nil
}

// CreateBranch adds a branch.
func (h *Handlers) CreateBranch(ctx context.Context, r api.CreateBranchRequestObject) (api.CreateBranchResponseObject, error) {
	b, err := h.Branches.Create(ctx, access.PrincipalFrom(ctx), *r.Body)
	if err != nil {
		return nil, err
	}
	return api.CreateBranch201JSONResponse{
		Body:    toAPIBranch(b),
		Headers: api.CreateBranch201ResponseHeaders{ETag: etag.Of(b.TenantID, b.ID, b.Version).Tag(), Location: branchesPath + "/" + b.ID.String()},
	}, nil
}

// GetBranch returns a branch.
func (h *Handlers) GetBranch(ctx context.Context, r api.GetBranchRequestObject) (api.GetBranchResponseObject, error) {
	b, err := h.Branches.Get(ctx, access.PrincipalFrom(ctx), r.ID)
	if err != nil {
		return nil, err
	}
	return api.GetBranch200JSONResponse{
		Body: toAPIBranch(b), Headers: api.GetBranch200ResponseHeaders{ETag: etag.Of(b.TenantID, b.ID, b.Version).Tag()},
	}, nil
}

// UpdateBranch changes a branch.
func (h *Handlers) UpdateBranch(ctx context.Context, r api.UpdateBranchRequestObject) (api.UpdateBranchResponseObject, error) {
	b, err := h.Branches.Update(ctx, access.PrincipalFrom(ctx), r.ID, etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch), *r.Body)
	if err != nil {
		return nil, err
	}
	return api.UpdateBranch200JSONResponse{
		Body: toAPIBranch(b), Headers: api.UpdateBranch200ResponseHeaders{ETag: etag.Of(b.TenantID, b.ID, b.Version).Tag()},
	}, nil
}

// DeleteBranch removes a branch, or says what that would take with it.
func (h *Handlers) DeleteBranch(ctx context.Context, r api.DeleteBranchRequestObject) (api.DeleteBranchResponseObject, error) {
	by, condition := access.PrincipalFrom(ctx), etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch)
	if r.Params.DryRun != nil && *r.Params.DryRun {
		preview, err := h.Branches.PreviewDelete(ctx, by, r.ID, condition)
		if err != nil {
			return nil, err
		}
		return api.DeleteBranch200JSONResponse(preview), nil
	}
	left, err := h.Branches.Delete(ctx, by, r.ID, condition)
	if err != nil {
		return nil, err
	}
	if left == nil {
		return api.DeleteBranch204Response{}, nil
	}
	return api.DeleteBranch202JSONResponse{
		Body: *left, Headers: api.DeleteBranch202ResponseHeaders{RetryAfter: deletionPause},
	}, nil
}

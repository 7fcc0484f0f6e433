package httpapi

import (
	"context"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/paging"
	"github.com/tenantry/tenantry/internal/records"
)

const tenantsPath = "/api/v1/tenants"

// ListTenants returns a page of tenants.
func (h *Handlers) ListTenants(ctx context.Context, r api.ListTenantsRequestObject) (api.ListTenantsResponseObject, error) {
	page, err := h.Tenants.List(ctx, r.Params)
	if err != nil {
		return nil, err
	}
	next, link := paging.Next(ctx, tenantsPath, page.NextCursor)
	return api.ListTenants200JSONResponse{
		Body:    api.TenantPage{Items: paging.Items(page.Items, toAPITenant), NextCursor: next, Total: page.Total},
		Headers: api.ListTenants200ResponseHeaders{Link: link},
	}, nil
}

// CreateTenant adds a tenant.
func (h *Handlers) CreateTenant(ctx context.Context, r api.CreateTenantRequestObject) (api.CreateTenantResponseObject, error) {
	t, err := h.Tenants.Create(ctx, access.PrincipalFrom(ctx), *r.Body)
	if err != nil {
		return nil, err
	}
	return api.CreateTenant201JSONResponse{
		Body:    toAPITenant(t),
		Headers: api.CreateTenant201ResponseHeaders{ETag: etag.Of(t.ID, t.ID, t.Version).Tag(), Location: tenantsPath + "/" + t.ID.String()},
	}, nil
}

// GetTenant returns a tenant.
func (h *Handlers) GetTenant(ctx context.Context, r api.GetTenantRequestObject) (api.GetTenantResponseObject, error) {
	t, err := h.Tenants.Get(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return api.GetTenant200JSONResponse{
		Body: toAPITenant(t), Headers: api.GetTenant200ResponseHeaders{ETag: etag.Of(t.ID, t.ID, t.Version).Tag()},
	}, nil
}

// UpdateTenant changes a tenant.
func (h *Handlers) UpdateTenant(ctx context.Context, r api.UpdateTenantRequestObject) (api.UpdateTenantResponseObject, error) {
	t, err := h.Tenants.Update(ctx, access.PrincipalFrom(ctx), r.ID, etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch), *r.Body)
	if err != nil {
		return nil, err
	}
	return api.UpdateTenant200JSONResponse{
		Body: toAPITenant(t), Headers: api.UpdateTenant200ResponseHeaders{ETag: etag.Of(t.ID, t.ID, t.Version).Tag()},
	}, nil
}

// SuspendTenant keeps everyone of a tenant out.
func (h *Handlers) SuspendTenant(ctx context.Context, r api.SuspendTenantRequestObject) (api.SuspendTenantResponseObject, error) {
	t, err := h.Tenants.Suspend(ctx, access.PrincipalFrom(ctx), r.ID, etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch))
	if err != nil {
		return nil, err
	}
	return api.SuspendTenant200JSONResponse{
		Body: toAPITenant(t), Headers: api.SuspendTenant200ResponseHeaders{ETag: etag.Of(t.ID, t.ID, t.Version).Tag()},
	}, nil
}

// ResumeTenant lets everyone of a tenant in again.
func (h *Handlers) ResumeTenant(ctx context.Context, r api.ResumeTenantRequestObject) (api.ResumeTenantResponseObject, error) {
	t, err := h.Tenants.Resume(ctx, access.PrincipalFrom(ctx), r.ID, etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch))
	if err != nil {
		return nil, err
	}
	return api.ResumeTenant200JSONResponse{
		Body: toAPITenant(t), Headers: api.ResumeTenant200ResponseHeaders{ETag: etag.Of(t.ID, t.ID, t.Version).Tag()},
	}, nil
}

// DeleteTenant deletes a tenant with all that it has, or as much of it as there is time for.
func (h *Handlers) DeleteTenant(ctx context.Context, r api.DeleteTenantRequestObject) (api.DeleteTenantResponseObject, error) {
	rest, err := h.Tenants.Delete(ctx, access.PrincipalFrom(ctx), r.ID, etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch), r.Params.ConfirmCode)
	if err != nil {
		return nil, err
	}
	if rest == nil {
		return api.DeleteTenant204Response{}, nil
	}
	return api.DeleteTenant202JSONResponse{
		Body: toAPITenant(*rest), Headers: api.DeleteTenant202ResponseHeaders{ETag: etag.Of(rest.ID, rest.ID, rest.Version).Tag(), RetryAfter: records.DeletionPause},
	}, nil
}

// GetTenantUsage counts what a tenant has.
func (h *Handlers) GetTenantUsage(ctx context.Context, r api.GetTenantUsageRequestObject) (api.GetTenantUsageResponseObject, error) {
	usage, err := h.Tenants.Usage(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return api.GetTenantUsage200JSONResponse(usage), nil
}

// GetOwnTenant returns the tenant that the request acts in.
func (h *Handlers) GetOwnTenant(ctx context.Context, r api.GetOwnTenantRequestObject) (api.GetOwnTenantResponseObject, error) {
	t, err := h.Tenants.Get(ctx, access.PrincipalFrom(ctx).TenantID)
	if err != nil {
		return nil, err
	}
	return api.GetOwnTenant200JSONResponse{
		Body: toAPITenant(t), Headers: api.GetOwnTenant200ResponseHeaders{ETag: etag.Of(t.ID, t.ID, t.Version).Tag()},
	}, nil
}

// GetOwnTenantUsage counts what the tenant has that the request acts in.
func (h *Handlers) GetOwnTenantUsage(ctx context.Context, _ api.GetOwnTenantUsageRequestObject) (api.GetOwnTenantUsageResponseObject, error) {
	usage, err := h.Tenants.Usage(ctx, access.PrincipalFrom(ctx).TenantID)
	if err != nil {
		return nil, err
	}
	return api.GetOwnTenantUsage200JSONResponse(usage), nil
}

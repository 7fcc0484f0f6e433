package httpapi

import (
	"context"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/etag"
)

const departmentsPath = "/api/v1/org/departments"

// ListDepartments returns a page of departments.
func (h *Handlers) ListDepartments(ctx context.Context, r api.ListDepartmentsRequestObject) (api.ListDepartmentsResponseObject, error) {
	page, err := h.Departments.List(ctx, access.PrincipalFrom(ctx), r.Params)
	if err != nil {
		return nil, err
	}
	next, link := nextPage(ctx, departmentsPath, page.NextCursor)
	return api.ListDepartments200JSONResponse{
		Body:    api.DepartmentPage{Items: convert(page.Items, toAPIDepartment), NextCursor: next, Total: page.Total},
		Headers: api.ListDepartments200ResponseHeaders{Link: link},
	}, nil
}

// CreateDepartment adds a department.
func (h *Handlers) CreateDepartment(ctx context.Context, r api.CreateDepartmentRequestObject) (api.CreateDepartmentResponseObject, error) {
	d, err := h.Departments.Create(ctx, access.PrincipalFrom(ctx), *r.Body)
	if err != nil {
		return nil, err
	}
	return api.CreateDepartment201JSONResponse{
		Body:    toAPIDepartment(d),
		Headers: api.CreateDepartment201ResponseHeaders{ETag: etag.Of(d.TenantID, d.ID, d.Version).Tag(), Location: departmentsPath + "/" + d.ID.String()},
	}, nil
}

// GetDepartment returns a department.
func (h *Handlers) GetDepartment(ctx context.Context, r api.GetDepartmentRequestObject) (api.GetDepartmentResponseObject, error) {
	d, err := h.Departments.Get(ctx, access.PrincipalFrom(ctx), r.ID)
	if err != nil {
		return nil, err
	}
	return api.GetDepartment200JSONResponse{
		Body: toAPIDepartment(d), Headers: api.GetDepartment200ResponseHeaders{ETag: etag.Of(d.TenantID, d.ID, d.Version).Tag()},
	}, nil
}

// UpdateDepartment changes a department.
func (h *Handlers) UpdateDepartment(ctx context.Context, r api.UpdateDepartmentRequestObject) (api.UpdateDepartmentResponseObject, error) {
	d, err := h.Departments.Update(ctx, access.PrincipalFrom(ctx), r.ID, etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch), *r.Body)
	if err != nil {
		return nil, err
	}
	return api.UpdateDepartment200JSONResponse{
		Body: toAPIDepartment(d), Headers: api.UpdateDepartment200ResponseHeaders{ETag: etag.Of(d.TenantID, d.ID, d.Version).Tag()},
	}, nil
}

// DeleteDepartment removes a department, or says what that would take with it.
func (h *Handlers) DeleteDepartment(ctx context.Context, r api.DeleteDepartmentRequestObject) (api.DeleteDepartmentResponseObject, error) {
	by, condition := access.PrincipalFrom(ctx), etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch)
	if r.Params.DryRun != nil && *r.Params.DryRun {
		preview, err := h.Departments.PreviewDelete(ctx, by, r.ID, condition)
		if err != nil {
			return nil, err
		}
		return api.DeleteDepartment200JSONResponse(preview), nil
	}
	left, err := h.Departments.Delete(ctx, by, r.ID, condition)
	if err != nil {
		return nil, err
	}
	if left == nil {
		return api.DeleteDepartment204Response{}, nil
	}
	return api.DeleteDepartment202JSONResponse{
		Body: *left, Headers: api.DeleteDepartment202ResponseHeaders{RetryAfter: deletionPause},
	}, nil
}

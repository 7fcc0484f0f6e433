package httpapi

import (
	"context"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/etag"
)

const companiesPath = "/api/v1/org/companies"

// ListCompanies returns a page of companies.
func (h *Handlers) ListCompanies(ctx context.Context, r api.ListCompaniesRequestObject) (api.ListCompaniesResponseObject, error) {
	page, err := h.Companies.List(ctx, access.PrincipalFrom(ctx), r.Params)
	if err != nil {
		return nil, err
	}
	next, link := nextPage(ctx, companiesPath, page.NextCursor)
	return api.ListCompanies200JSONResponse{
		Body:    api.CompanyPage{Items: convert(page.Items, toAPICompany), NextCursor: next, Total: page.Total},
		Headers: api.ListCompanies200ResponseHeaders{Link: link},
	}, nil
}

// CreateCompany adds a company.
func (h *Handlers) CreateCompany(ctx context.Context, r api.CreateCompanyRequestObject) (api.CreateCompanyResponseObject, error) {
	c, err := h.Companies.Create(ctx, access.PrincipalFrom(ctx), *r.Body)
	if err != nil {
		return nil, err
	}
	return api.CreateCompany201JSONResponse{
		Body:    toAPICompany(c),
		Headers: api.CreateCompany201ResponseHeaders{ETag: etag.Of(c.TenantID, c.ID, c.Version).Tag(), Location: companiesPath + "/" + c.ID.String()},
	}, nil
}

// GetCompany returns a company.
func (h *Handlers) GetCompany(ctx context.Context, r api.GetCompanyRequestObject) (api.GetCompanyResponseObject, error) {
	c, err := h.Companies.Get(ctx, access.PrincipalFrom(ctx), r.ID)
	if err != nil {
		return nil, err
	}
	return api.GetCompany200JSONResponse{
		Body: toAPICompany(c), Headers: api.GetCompany200ResponseHeaders{ETag: etag.Of(c.TenantID, c.ID, c.Version).Tag()},
	}, nil
}

// UpdateCompany changes a company.
func (h *Handlers) UpdateCompany(ctx context.Context, r api.UpdateCompanyRequestObject) (api.UpdateCompanyResponseObject, error) {
	c, err := h.Companies.Update(ctx, access.PrincipalFrom(ctx), r.ID, etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch), *r.Body)
	if err != nil {
		return nil, err
	}
	return api.UpdateCompany200JSONResponse{
		Body: toAPICompany(c), Headers: api.UpdateCompany200ResponseHeaders{ETag: etag.Of(c.TenantID, c.ID, c.Version).Tag()},
	}, nil
}

// DeleteCompany removes a company, or says what that would take with it.
func (h *Handlers) DeleteCompany(ctx context.Context, r api.DeleteCompanyRequestObject) (api.DeleteCompanyResponseObject, error) {
	by, condition := access.PrincipalFrom(ctx), etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch)
	if r.Params.DryRun != nil && *r.Params.DryRun {
		preview, err := h.Companies.PreviewDelete(ctx, by, r.ID, condition)
		if err != nil {
			return nil, err
		}
		return api.DeleteCompany200JSONResponse(preview), nil
	}
	left, err := h.Companies.Delete(ctx, by, r.ID, condition)
	if err != nil {
		return nil, err
	}
	if left == nil {
		return api.DeleteCompany204Response{}, nil
	}
	return api.DeleteCompany202JSONResponse{
		Body: *left, Headers: api.DeleteCompany202ResponseHeaders{RetryAfter: deletionPause},
	}, nil
}

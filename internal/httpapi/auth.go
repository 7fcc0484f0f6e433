package httpapi

import (
	"context"
	"strings"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/paging"
)

// Login starts a session.
func (h *Handlers) Login(ctx context.Context, r api.LoginRequestObject) (api.LoginResponseObject, error) {
	tenant := ""
	if r.Body.Tenant != nil {
		tenant = strings.ToUpper(*r.Body.Tenant)
	}
	login, err := h.Auth.Login(ctx, r.Body.Email, r.Body.Password, tenant)
	if err != nil {
		return nil, err
	}
	return api.Login200JSONResponse(toAPILogin(login)), nil
}

func toAPILogin(login auth.Login) api.LoginResult {
	pair := toAPITokenPair(login.Grant)
	return api.LoginResult{
		AccessToken: pair.AccessToken, RefreshToken: pair.RefreshToken, TokenType: api.LoginResultTokenType(pair.TokenType),
		ExpiresIn: pair.ExpiresIn, RefreshExpiresIn: pair.RefreshExpiresIn, User: toAPIUser(login.User),
		Memberships: paging.Items(login.Memberships, toAPIMembership),
	}
}

// ListMemberships returns the tenants of the person.
func (h *Handlers) ListMemberships(ctx context.Context, _ api.ListMembershipsRequestObject) (api.ListMembershipsResponseObject, error) {
	all, err := h.Auth.Memberships(ctx, access.PrincipalFrom(ctx))
	if err != nil {
		return nil, err
	}
	return api.ListMemberships200JSONResponse{Items: paging.Items(all, toAPIMembership)}, nil
}

// SwitchTenant starts a session in another tenant of the person.
func (h *Handlers) SwitchTenant(ctx context.Context, r api.SwitchTenantRequestObject) (api.SwitchTenantResponseObject, error) {
	login, err := h.Auth.Switch(ctx, access.PrincipalFrom(ctx), r.Body.TenantID)
	if err != nil {
		return nil, err
	}
	return api.SwitchTenant200JSONResponse(toAPILogin(login)), nil
}

// Refresh trades a refresh token for a new pair.
func (h *Handlers) Refresh(ctx context.Context, r api.RefreshRequestObject) (api.RefreshResponseObject, error) {
	grant, err := h.Auth.Refresh(ctx, r.Body.RefreshToken)
	if err != nil {
		return nil, err
	}
	return api.Refresh200JSONResponse(toAPITokenPair(grant)), nil
}

// Logout ends sessions of the user.
func (h *Handlers) Logout(ctx context.Context, r api.LogoutRequestObject) (api.LogoutResponseObject, error) {
	scope := api.LogoutScopeCurrent
	if r.Body != nil && r.Body.Scope != nil {
		scope = *r.Body.Scope
	}
	if err := h.Auth.Logout(ctx, access.PrincipalFrom(ctx), scope); err != nil {
		return nil, err
	}
	return api.Logout204Response{}, nil
}

// GetMe says who is logged in.
func (h *Handlers) GetMe(ctx context.Context, _ api.GetMeRequestObject) (api.GetMeResponseObject, error) {
	by := access.PrincipalFrom(ctx)
	self, err := h.Auth.Me(ctx, by)
	if err != nil {
		return nil, err
	}
	return api.GetMe200JSONResponse{
		User: toAPIUser(self.User), Tenant: toAPITenantSummary(self.Tenant), Session: toAPISession(self.Session),
		Role: api.EffectiveRole(by.Role), Permissions: access.Permissions(h.Operations, by.Role),
	}, nil
}

func toAPITokenPair(g auth.Grant) api.TokenPair {
	return api.TokenPair{
		AccessToken: g.AccessToken, RefreshToken: g.RefreshToken, TokenType: api.TokenPairTokenTypeBearer,
		ExpiresIn: int64(g.AccessTokenTTL.Seconds()), RefreshExpiresIn: int64(g.RefreshTokenTTL.Seconds()),
	}
}

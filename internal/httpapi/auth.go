package httpapi

import (
	"context"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/auth"
)

// Login starts a session.
func (h *Handlers) Login(ctx context.Context, r api.LoginRequestObject) (api.LoginResponseObject, error) {
	grant, user, err := h.Auth.Login(ctx, r.Body.Email, r.Body.Password)
	if err != nil {
		return nil, err
	}
	pair := toAPITokenPair(grant)
	return api.Login200JSONResponse{
		AccessToken: pair.AccessToken, RefreshToken: pair.RefreshToken, TokenType: api.LoginResultTokenType(pair.TokenType),
		ExpiresIn: pair.ExpiresIn, RefreshExpiresIn: pair.RefreshExpiresIn, User: toAPIUser(user),
	}, nil
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

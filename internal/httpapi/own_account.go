package httpapi

import (
	"context"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/paging"
)

// UpdateMe changes one's own profile.
func (h *Handlers) UpdateMe(ctx context.Context, r api.UpdateMeRequestObject) (api.UpdateMeResponseObject, error) {
	u, err := h.Users.UpdateProfile(ctx, access.PrincipalFrom(ctx), etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch), *r.Body)
	if err != nil {
		return nil, err
	}
	return api.UpdateMe200JSONResponse{
		Body: toAPIUser(u), Headers: api.UpdateMe200ResponseHeaders{ETag: etag.Of(u.TenantID, u.ID, u.Version).Tag()},
	}, nil
}

// ListMySessions says where one is logged in, a page at a time.
func (h *Handlers) ListMySessions(ctx context.Context, r api.ListMySessionsRequestObject) (api.ListMySessionsResponseObject, error) {
	by := access.PrincipalFrom(ctx)
	page, err := h.Users.OwnSessions(ctx, by, r.Params)
	if err != nil {
		return nil, err
	}
	items := paging.Items(page.Items, func(s db.Session) api.OwnSession { return toAPIOwnSession(s, by.SessionID) })
	next, link := paging.Next(ctx, "/api/v1/auth/sessions", page.NextCursor)
	return api.ListMySessions200JSONResponse{
		Body: api.OwnSessionList{Items: items, NextCursor: next}, Headers: api.ListMySessions200ResponseHeaders{Link: link},
	}, nil
}

// EndMySession ends one of one's own sessions.
func (h *Handlers) EndMySession(ctx context.Context, r api.EndMySessionRequestObject) (api.EndMySessionResponseObject, error) {
	if err := h.Auth.EndSession(ctx, access.PrincipalFrom(ctx), r.ID); err != nil {
		return nil, err
	}
	return api.EndMySession204Response{}, nil
}

// ChangePassword gives one another password.
func (h *Handlers) ChangePassword(ctx context.Context, r api.ChangePasswordRequestObject) (api.ChangePasswordResponseObject, error) {
	if err := h.Auth.ChangePassword(ctx, access.PrincipalFrom(ctx), r.Body.CurrentPassword, r.Body.NewPassword); err != nil {
		return nil, err
	}
	return api.ChangePassword204Response{}, nil
}

// ResetPassword gives whoever has a one-time token another password.
func (h *Handlers) ResetPassword(ctx context.Context, r api.ResetPasswordRequestObject) (api.ResetPasswordResponseObject, error) {
	if err := h.Auth.ResetPassword(ctx, r.Body.Token, r.Body.NewPassword); err != nil {
		return nil, err
	}
	return api.ResetPassword204Response{}, nil
}

func toAPIOwnSession(s db.Session, current uuid.UUID) api.OwnSession {
	base := toAPISession(s)
	return api.OwnSession{
		ID: base.ID, IP: base.IP, UserAgent: base.UserAgent,
		CreatedAt: base.CreatedAt, LastSeenAt: base.LastSeenAt, ExpiresAt: base.ExpiresAt, Current: s.ID == current,
	}
}

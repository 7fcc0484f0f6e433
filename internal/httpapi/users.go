package httpapi

import (
	"context"
	"encoding/json"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/paging"
)

const usersPath = "/api/v1/users"

// ListUsers returns a page of users.
func (h *Handlers) ListUsers(ctx context.Context, r api.ListUsersRequestObject) (api.ListUsersResponseObject, error) {
	page, err := h.Users.List(ctx, access.PrincipalFrom(ctx), r.Params)
	if err != nil {
		return nil, err
	}
	next, link := paging.Next(ctx, usersPath, page.NextCursor)
	return api.ListUsers200JSONResponse{
		Body:    api.UserPage{Items: paging.Items(page.Items, toAPIUser), NextCursor: next, Total: page.Total},
		Headers: api.ListUsers200ResponseHeaders{Link: link},
	}, nil
}

// CreateUser adds a user, who chooses a password with the token.
func (h *Handlers) CreateUser(ctx context.Context, r api.CreateUserRequestObject) (api.CreateUserResponseObject, error) {
	u, token, err := h.Users.Create(ctx, access.PrincipalFrom(ctx), *r.Body)
	if err != nil {
		return nil, err
	}
	user := toAPIUser(u)
	body, err := json.Marshal(user) // the tag is that of the new resource, which is a part of this reply
	if err != nil {
		return nil, err
	}
	tag := etag.Complete(etag.Of(u.TenantID, u.ID, u.Version).Tag(), append(body, '\n'))
	return api.CreateUser201JSONResponse{
		Body:    api.CreatedUser{User: user, OneTimeToken: toAPIOneTimeToken(token)},
		Headers: api.CreateUser201ResponseHeaders{ETag: tag, Location: usersPath + "/" + u.ID.String()},
	}, nil
}

// GetUser returns a user.
func (h *Handlers) GetUser(ctx context.Context, r api.GetUserRequestObject) (api.GetUserResponseObject, error) {
	u, err := h.Users.Get(ctx, access.PrincipalFrom(ctx), r.ID)
	if err != nil {
		return nil, err
	}
	return api.GetUser200JSONResponse{Body: toAPIUser(u), Headers: api.GetUser200ResponseHeaders{ETag: etag.Of(u.TenantID, u.ID, u.Version).Tag()}}, nil
}

// UpdateUser changes a user.
func (h *Handlers) UpdateUser(ctx context.Context, r api.UpdateUserRequestObject) (api.UpdateUserResponseObject, error) {
	u, err := h.Users.Update(ctx, access.PrincipalFrom(ctx), r.ID, etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch), *r.Body)
	if err != nil {
		return nil, err
	}
	return api.UpdateUser200JSONResponse{Body: toAPIUser(u), Headers: api.UpdateUser200ResponseHeaders{ETag: etag.Of(u.TenantID, u.ID, u.Version).Tag()}}, nil
}

// DeleteUser removes a user.
func (h *Handlers) DeleteUser(ctx context.Context, r api.DeleteUserRequestObject) (api.DeleteUserResponseObject, error) {
	if err := h.Users.Delete(ctx, access.PrincipalFrom(ctx), r.ID, etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch)); err != nil {
		return nil, err
	}
	return api.DeleteUser204Response{}, nil
}

// DeactivateUser keeps a user from working.
func (h *Handlers) DeactivateUser(ctx context.Context, r api.DeactivateUserRequestObject) (api.DeactivateUserResponseObject, error) {
	u, err := h.Users.Deactivate(ctx, access.PrincipalFrom(ctx), r.ID, etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch))
	if err != nil {
		return nil, err
	}
	return api.DeactivateUser200JSONResponse{Body: toAPIUser(u), Headers: api.DeactivateUser200ResponseHeaders{ETag: etag.Of(u.TenantID, u.ID, u.Version).Tag()}}, nil
}

// ActivateUser lets a user work again.
func (h *Handlers) ActivateUser(ctx context.Context, r api.ActivateUserRequestObject) (api.ActivateUserResponseObject, error) {
	u, err := h.Users.Activate(ctx, access.PrincipalFrom(ctx), r.ID, etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch))
	if err != nil {
		return nil, err
	}
	return api.ActivateUser200JSONResponse{Body: toAPIUser(u), Headers: api.ActivateUser200ResponseHeaders{ETag: etag.Of(u.TenantID, u.ID, u.Version).Tag()}}, nil
}

// CreatePasswordReset makes a token with which a user chooses a password.
func (h *Handlers) CreatePasswordReset(
	ctx context.Context, r api.CreatePasswordResetRequestObject,
) (api.CreatePasswordResetResponseObject, error) {
	token, err := h.Users.CreatePasswordReset(ctx, access.PrincipalFrom(ctx), r.ID, etag.Preconditions(r.Params.IfMatch, r.Params.IfNoneMatch))
	if err != nil {
		return nil, err
	}
	return api.CreatePasswordReset200JSONResponse(toAPIOneTimeToken(token)), nil
}

// ListUserSessions says where a user is logged in, a page at a time.
func (h *Handlers) ListUserSessions(ctx context.Context, r api.ListUserSessionsRequestObject) (api.ListUserSessionsResponseObject, error) {
	page, err := h.Users.Sessions(ctx, access.PrincipalFrom(ctx), r.ID, r.Params)
	if err != nil {
		return nil, err
	}
	next, link := paging.Next(ctx, usersPath+"/"+r.ID.String()+"/sessions", page.NextCursor)
	return api.ListUserSessions200JSONResponse{
		Body:    api.SessionList{Items: paging.Items(page.Items, toAPISession), NextCursor: next},
		Headers: api.ListUserSessions200ResponseHeaders{Link: link},
	}, nil
}

// EndUserSessions logs a user out everywhere.
func (h *Handlers) EndUserSessions(ctx context.Context, r api.EndUserSessionsRequestObject) (api.EndUserSessionsResponseObject, error) {
	if err := h.Users.EndSessions(ctx, access.PrincipalFrom(ctx), r.ID); err != nil {
		return nil, err
	}
	return api.EndUserSessions204Response{}, nil
}

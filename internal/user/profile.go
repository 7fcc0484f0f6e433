package user

import (
	"context"

	"github.com/tenantry/tenantry/internal/store"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/auth"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
)

// UpdateProfile changes the fields of the principal's own user that are in the request, and returns
// the updated user. It returns errs.StaleVersion if condition doesn't allow its version, or
// errs.SessionEnded if the user is gone.
func (s *Service) UpdateProfile(ctx context.Context, by access.Principal, condition etag.Condition, in api.ProfileUpdate) (db.User, error) {
	var after db.User
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		before, err := auth.OwnUser(ctx, tx, by)
		if err != nil {
			return err
		}
		if !condition.Allows(etag.Of(before.TenantID, before.ID, before.Version)) {
			return errs.New(errs.StaleVersion, "Your profile has changed since you read it. Read it again and repeat your change.")
		}
		after = before
		apply(&after, api.UserUpdate{FullName: in.FullName, Phone: in.Phone})
		return s.save(ctx, tx, by, before, &after)
	})
	return after, kind.ClientError(err)
}

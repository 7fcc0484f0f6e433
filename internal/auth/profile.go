package auth

import (
	"context"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/audit"
	"github.com/tenantry/tenantry/internal/errs"
	"github.com/tenantry/tenantry/internal/etag"
	"github.com/tenantry/tenantry/internal/store"
)

// UpdateProfile changes the fields of the principal's own user that are in the request, and returns the user as it is
// then. The error is errs.StaleVersion if the version isn't one of ifMatch.
func (s *Service) UpdateProfile(ctx context.Context, by access.Principal, ifMatch etag.Condition, in api.ProfileUpdate) (db.User, error) {
	var after db.User
	err := s.store.Tx(ctx, func(q db.Querier) error {
		before, err := q.GetUser(ctx, db.GetUserParams{TenantID: by.HomeTenantID, ID: by.UserID})
		if err != nil {
			return err
		}
		if !ifMatch.Allows(before.Version) {
			return errs.New(errs.StaleVersion, "Your profile has changed since you read it. Read it again and repeat your change.")
		}
		after = before
		applyProfile(&after, in)
		changes := audit.Updated(before, after)
		if len(changes) == 0 {
			return nil
		}
		after.UpdatedAt, after.Version = s.opts.Now(), before.Version+1
		rows, err := q.UpdateUserProfile(ctx, db.UpdateUserProfileParams{
			FullName: after.FullName, Phone: after.Phone, UpdatedAt: after.UpdatedAt,
			TenantID: after.TenantID, ID: after.ID, Version: before.Version,
		})
		if err != nil {
			return err
		}
		if rows == 0 {
			return store.ErrStale
		}
		return s.audit.Write(ctx, q, by, audit.Entry{
			EntityType: userType, EntityID: after.ID, EntityLabel: after.Email, Changes: changes,
		})
	})
	return after, err
}

// applyProfile puts the fields that are in the request into u: a value changes one, null clears it, absence leaves it alone.
func applyProfile(u *db.User, in api.ProfileUpdate) {
	if in.FullName != nil {
		u.FullName = *in.FullName
	}
	if phone, err := in.Phone.Get(); err == nil {
		u.Phone = &phone
	} else if in.Phone.IsNull() {
		u.Phone = nil
	}
}

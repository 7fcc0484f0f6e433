package doctor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/email"
	"github.com/tenantry/tenantry/internal/store"
)

func (p Patient) accounts(ctx context.Context, s *store.Store) []Check {
	var found []Check
	well := "no demo accounts"
	demo, err := p.DemoAccounts(ctx, s)
	superusers, countErr := s.CountOtherActiveSuperusers(ctx, db.CountOtherActiveSuperusersParams{TenantID: access.PlatformTenantID})
	switch {
	case err != nil || countErr != nil:
		return findings("accounts", "", []Check{{Result: Failed, Detail: fmt.Sprint("the users can't be read: ", errors.Join(err, countErr)), Fix: "look at the database's own log"}})
	case len(demo) > 0 && p.Config.Environment == config.Development:
		well = "demo accounts, whose passwords everybody knows; fine in development"
	case len(demo) > 0:
		found = append(found, Check{
			Result: Failed, Detail: "demo accounts, whose passwords everybody knows: " + strings.Join(demo, ", "),
			Fix: "use another database: the server refuses to start with this one",
		})
	}
	waiting := p.Config.FirstSuperuserPassword.IsSet()
	if superusers == 0 && !waiting && p.Config.Environment != config.Development {
		found = append(found, Check{Result: Warning, Detail: "nobody is a superuser, who could make tenants", Fix: "run: tenantry superuser create"})
	}
	if superusers > 0 && waiting {
		found = append(found, Check{
			Result: Warning, Detail: "FIRST_SUPERUSER_PASSWORD is still in the settings, and has done its work", Fix: "take it out of them",
		})
	}
	former, err := formerAddresses(ctx, s)
	if err != nil {
		return findings("accounts", "", []Check{{Result: Failed, Detail: "the users can't be read: " + err.Error(), Fix: "look at the database's own log"}})
	}
	if len(former) > 0 {
		found = append(found, Check{
			Result: Warning,
			Detail: "e-mail addresses in a form that earlier versions stored, which not every way to write the address finds; the first accounts: " + strings.Join(former, ", "),
			Fix:    "send the email of a user of each one again with PUT /api/v1/users/{id}?tenant_id=...; 409 means that another account has the same address",
		})
	}
	return findings("accounts", well, found)
}

const (
	addressesPerPage = 5000
	maxAddresses     = 100_000 // number of addresses that are checked
	maxFormer        = 5       // number of accounts that are named
)

// formerAddresses returns accounts whose e-mail address isn't in its canonical form.
func formerAddresses(ctx context.Context, s *store.Store) ([]string, error) {
	var found []string
	after := ""
	for range maxAddresses / addressesPerPage {
		page, err := s.ListAccountEmails(ctx, db.ListAccountEmailsParams{AfterEmail: after, Limit: addressesPerPage})
		if err != nil {
			return nil, err
		}
		for _, account := range page {
			if canonical, err := email.Canonical(account.Email); err == nil && canonical == account.Email {
				continue
			}
			if found = append(found, account.ID.String()); len(found) == maxFormer {
				return found, nil
			}
		}
		if len(page) < addressesPerPage {
			break
		}
		after = page[len(page)-1].Email
	}
	return found, nil
}

// auditSample is how many of the oldest and of the newest entries are checked. A change of keys
// divides the trail, so its two ends are enough.
const auditSample = 20

// audit checks whether the keys to verify the platform's trail are set. It doesn't verify the
// trail; tenantry audit verify does.
func (p Patient) audit(ctx context.Context, s *store.Store) []Check {
	if p.AuditKeys == nil {
		return skip("audit")
	}
	ids, err := signers(ctx, s)
	if err != nil {
		return findings("audit", "", []Check{{Result: Failed, Detail: "the audit trail can't be read: " + err.Error(), Fix: "look at the database's own log"}})
	}
	for id := range ids {
		if !p.AuditKeys.Know(id) {
			return findings("audit", "", []Check{{
				Result: Warning, Detail: fmt.Sprintf("entries are signed with a key that isn't set (%s), so nobody can verify them", id),
				Fix: "put the former AUDIT_KEY, or the former SECRET_KEY if there was none, into AUDIT_KEY_PREVIOUS",
			}})
		}
	}
	return findings("audit", "the keys that signed the trail are set", nil)
}

// signers returns the ids of the keys that signed the oldest and newest entries of the platform's
// trail.
func signers(ctx context.Context, s *store.Store) (map[string]bool, error) {
	ids := map[string]bool{}
	oldest, err := s.ListAuditLinks(ctx, db.ListAuditLinksParams{
		TenantID: access.PlatformTenantID, AfterSeal: -1, LastSeal: math.MaxInt64, FromEntryID: uuid.Nil, Limit: auditSample,
	})
	if err != nil {
		return nil, err
	}
	for _, link := range oldest {
		ids[link.KeyID] = true
	}
	newest, err := s.ListAuditEntries(ctx, db.ListAuditEntriesParams{
		TenantID: access.PlatformTenantID, AfterOccurredAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), Limit: auditSample,
	})
	if err != nil {
		return nil, err
	}
	for _, entry := range newest {
		link, err := s.GetAuditLink(ctx, db.GetAuditLinkParams{TenantID: entry.TenantID, EntryID: entry.ID})
		if errors.Is(err, store.ErrNotFound) {
			continue // pruned meanwhile, or removed: for tenantry audit verify
		}
		if err != nil {
			return nil, err
		}
		ids[link.KeyID] = true
	}
	return ids, nil
}

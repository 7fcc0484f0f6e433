package doctor

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tenantry/tenantry/gen/db"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/config"
	"github.com/tenantry/tenantry/internal/store"
)

const (
	// The check reads the newest clientLogins log-ins of each of clientTenants tenants.
	clientTenants = 20
	clientLogins  = 20
	// clientPeriod is the greatest age of the log-ins. Older ones may be from before a proxy was
	// added.
	clientPeriod = 24 * time.Hour
	// minPeople is how many people must share one address for a warning.
	minPeople = 3
)

// clients warns if everybody seems to come from one private address that isn't in TRUSTED_PROXIES.
// If it is a reverse proxy, all its clients share the rate limits of one address.
func (p Patient) clients(ctx context.Context, s *store.Store) []Check {
	const name = "clients"
	addresses, people, err := newestLogins(ctx, s, p.Now())
	if err != nil {
		return findings(name, "", []Check{{Result: Failed, Detail: "the newest log-ins can't be read: " + err.Error(), Fix: "look at the database's own log"}})
	}
	if p.Config.Environment == config.Development || len(addresses) != 1 || people < minPeople {
		return findings(name, "the newest log-ins show no reverse proxy that TRUSTED_PROXIES lacks", nil)
	}
	address, err := netip.ParseAddr(addresses[0])
	isTrusted := func(proxies netip.Prefix) bool { return proxies.Contains(address.Unmap()) }
	if err != nil || !access.IsPrivate(address) || slices.ContainsFunc(p.Config.TrustedProxies, isTrusted) {
		return findings(name, "the newest log-ins show no reverse proxy that TRUSTED_PROXIES lacks", nil)
	}
	return findings(name, "", []Check{{
		Result: Warning, Detail: fmt.Sprintf("the newest log-ins, of %d people, all come from %s: if that is a reverse proxy, they share the limits of one address", people, address),
		Fix: fmt.Sprintf("if it is, let it send X-Forwarded-For, and add %s to TRUSTED_PROXIES", address),
	}})
}

// newestLogins returns the distinct addresses of the newest log-ins, and the number of people who
// logged in.
func newestLogins(ctx context.Context, s *store.Store, now time.Time) (addresses []string, people int, err error) {
	tenants, err := s.ListTenantCodes(ctx, db.ListTenantCodesParams{Limit: clientTenants})
	if err != nil {
		return nil, 0, err
	}
	seen := map[string]bool{}
	actors := map[uuid.UUID]bool{}
	since := now.Add(-clientPeriod)
	for _, tenant := range tenants {
		entries, err := s.ListAuditEntries(ctx, db.ListAuditEntriesParams{
			TenantID: tenant.ID, Since: &since, AfterOccurredAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
			Action: new("auth.login"), Outcome: new("success"), Limit: clientLogins,
		})
		if err != nil {
			return nil, 0, err
		}
		for _, e := range entries {
			if e.ActorID != nil {
				actors[*e.ActorID] = true
			}
			if !seen[e.IP] {
				addresses = append(addresses, e.IP)
			}
			seen[e.IP] = true
		}
	}
	return addresses, len(actors), nil
}

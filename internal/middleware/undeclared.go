package middleware

import (
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
)

const (
	// undeclaredPeriod is the minimum time between two warnings about a peer.
	undeclaredPeriod = time.Hour
	// maxUndeclared is the maximum number of peers that are logged in a period: of private
	// networks, where proxies usually are, and likewise of others.
	maxUndeclared = 10
)

// undeclaredProxies logs a warning about peers that send X-Forwarded-For or Forwarded and aren't in
// TRUSTED_PROXIES. If such a peer is a reverse proxy, all of its clients share one address and its
// limits. But any client can send these headers.
type undeclaredProxies struct {
	log *slog.Logger
	now func() time.Time

	mu              sync.Mutex
	since           time.Time
	logged          map[netip.Addr]bool // peers that were logged in this period
	private, public int                 // number of logged peers, by kind of network
}

func newUndeclaredProxies(log *slog.Logger, now func() time.Time) *undeclaredProxies {
	return &undeclaredProxies{log: log, now: now}
}

// note logs the untrusted peer of a request if it seems to be a proxy.
func (u *undeclaredProxies) note(r *http.Request, peer netip.Addr) {
	if len(r.Header[echo.HeaderXForwardedFor])+len(r.Header["Forwarded"]) == 0 || !u.shouldLog(peer) {
		return
	}
	u.log.WarnContext(r.Context(), "a peer that isn't in TRUSTED_PROXIES sends X-Forwarded-For or Forwarded: if it is a proxy, all of its clients count as one address",
		"peer", peer.String(), "fix", "if it is your reverse proxy, add its address to TRUSTED_PROXIES")
}

func (u *undeclaredProxies) shouldLog(peer netip.Addr) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if now := u.now(); u.logged == nil || now.Sub(u.since) >= undeclaredPeriod {
		u.since, u.logged, u.private, u.public = now, map[netip.Addr]bool{}, 0, 0
	}
	count := &u.public
	if access.IsPrivate(peer) {
		count = &u.private
	}
	if u.logged[peer] || *count == maxUndeclared {
		return false
	}
	*count++
	u.logged[peer] = true
	return true
}

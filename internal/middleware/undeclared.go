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
	// undeclaredPeriod is how long a peer isn't logged again.
	undeclaredPeriod = time.Hour
	// maxUndeclared is how many peers in private networks, where proxies usually are, and how many others are
	// logged in that time.
	maxUndeclared = 10
)

// undeclaredProxies warns of peers that send X-Forwarded-For or Forwarded and aren't in TRUSTED_PROXIES. Such a
// peer may be a reverse proxy: then all of its clients share one address and its limits. Any client may send
// these headers, too.
type undeclaredProxies struct {
	log *slog.Logger
	now func() time.Time

	mu              sync.Mutex
	since           time.Time
	told            map[netip.Addr]bool // logged since then
	private, public int                 // how many of told
}

func newUndeclaredProxies(log *slog.Logger, now func() time.Time) *undeclaredProxies {
	return &undeclaredProxies{log: log, now: now}
}

// note logs the peer of a request, which isn't trusted, if it seems to be a proxy.
func (u *undeclaredProxies) note(r *http.Request, peer netip.Addr) {
	if len(r.Header[echo.HeaderXForwardedFor])+len(r.Header["Forwarded"]) == 0 || !u.isDue(peer) {
		return
	}
	u.log.WarnContext(r.Context(), "a peer that isn't in TRUSTED_PROXIES sends X-Forwarded-For or Forwarded: if it is a proxy, all of its clients count as one address",
		"peer", peer.String(), "fix", "if it is your reverse proxy, add its address to TRUSTED_PROXIES")
}

func (u *undeclaredProxies) isDue(peer netip.Addr) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if now := u.now(); u.told == nil || now.Sub(u.since) >= undeclaredPeriod {
		u.since, u.told, u.private, u.public = now, map[netip.Addr]bool{}, 0, 0
	}
	told := &u.public
	if access.IsPrivate(peer) {
		told = &u.private
	}
	if u.told[peer] || *told == maxUndeclared {
		return false
	}
	*told++
	u.told[peer] = true
	return true
}

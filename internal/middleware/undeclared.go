package middleware

import (
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	// undeclaredPeriod is how long a peer is left alone that the log has named.
	undeclaredPeriod = time.Hour
	// maxUndeclared is how many peers the log names in that time: so many of private networks, where proxies are, and as many others.
	maxUndeclared = 10
)

// undeclaredProxies warns of peers that send X-Forwarded-For or Forwarded and that TRUSTED_PROXIES doesn't name. Perhaps one is a reverse
// proxy: then all of its clients have one address, and one limit. Strangers may send these headers, too.
type undeclaredProxies struct {
	log *slog.Logger
	now func() time.Time

	mu              sync.Mutex
	since           time.Time
	told            map[netip.Addr]bool // since then
	private, public int                 // of them
}

func newUndeclaredProxies(log *slog.Logger, now func() time.Time) *undeclaredProxies {
	return &undeclaredProxies{log: log, now: now}
}

// note looks at a request that comes from a peer that isn't trusted.
func (u *undeclaredProxies) note(r *http.Request, peer netip.Addr) {
	if len(r.Header[echo.HeaderXForwardedFor])+len(r.Header["Forwarded"]) == 0 || !u.isNews(peer) {
		return
	}
	u.log.WarnContext(r.Context(), "a peer that TRUSTED_PROXIES doesn't name says whom it forwards for: all of its clients count as one, and share one limit",
		"peer", peer.String(), "fix", "if it is your reverse proxy, add its address to TRUSTED_PROXIES")
}

func (u *undeclaredProxies) isNews(peer netip.Addr) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if now := u.now(); u.told == nil || now.Sub(u.since) >= undeclaredPeriod {
		u.since, u.told, u.private, u.public = now, map[netip.Addr]bool{}, 0, 0
	}
	told := &u.public
	if peer.IsPrivate() || peer.IsLoopback() || peer.IsLinkLocalUnicast() {
		told = &u.private
	}
	if u.told[peer] || *told == maxUndeclared {
		return false
	}
	*told++
	u.told[peer] = true
	return true
}

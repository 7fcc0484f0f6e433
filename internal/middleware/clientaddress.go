package middleware

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/access"
)

// ClientAddress returns how to find the address that a request comes from. It is that of the connection, and no header
// changes that, unless the connection comes from a trusted proxy. Then it is the right-most hop of X-Forwarded-For that isn't a
// trusted proxy: what stands to the left of it may have been made up by that client.
//
// It logs peers that seem to be proxies and aren't trusted.
//
// Echo's own extractor takes the proxy for the client if a hop has a port, as those of Azure have.
func ClientAddress(trusted []netip.Prefix, log *slog.Logger, now func() time.Time) echo.IPExtractor {
	undeclared := newUndeclaredProxies(log, now)
	isTrusted := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	return func(r *http.Request) string {
		client, ok := hop(r.RemoteAddr)
		if !ok {
			return r.RemoteAddr // of a connection without addresses
		}
		if !isTrusted(client) {
			undeclared.note(r, client)
			return client.String()
		}
		lines := r.Header.Values(echo.HeaderXForwardedFor)
		for line := range slices.Backward(lines) {
			rest := lines[line]
			for more := true; more; {
				if !isTrusted(client) {
					return client.String()
				}
				var last string
				if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
					rest, last = rest[:comma], rest[comma+1:]
				} else {
					last, more = rest, false
				}
				next, ok := hop(last)
				if !ok {
					return client.String() // nobody knows who sent that: it counts for the proxy that handed it on
				}
				client = next
			}
		}
		return client.String()
	}
}

// hop reads an address, which may have a port, or brackets as in a URL.
func hop(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddrPort(s); err == nil { // as of every connection
		return access.CanonicalAddress(a.Addr()), true
	}
	s = strings.TrimSpace(s)
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	} else if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s = s[1 : len(s)-1]
	}
	a, err := netip.ParseAddr(s)
	return access.CanonicalAddress(a), err == nil
}

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

// ClientAddress returns a function that finds the client's address of a request. It is the address
// of the connection, unless that is a trusted proxy. Then it is the right-most hop of
// X-Forwarded-For that isn't a trusted proxy, because clients can forge the hops to the left of it.
//
// It logs peers that seem to be proxies and aren't trusted.
//
// Echo's own extractor returns the proxy's address if a hop has a port, as with Azure.
func ClientAddress(trusted []netip.Prefix, log *slog.Logger, now func() time.Time) echo.IPExtractor {
	undeclared := newUndeclaredProxies(log, now)
	isTrusted := func(a netip.Addr) bool {
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	return func(r *http.Request) string {
		client, ok := hop(r.RemoteAddr)
		if !ok {
			return r.RemoteAddr // not a network connection
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
					return client.String() // not an address: the request counts for the proxy that sent it
				}
				client = next
			}
		}
		return client.String()
	}
}

// hop parses an address, with an optional port or brackets as in a URL.
func hop(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddrPort(s); err == nil { // the form of every RemoteAddr
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

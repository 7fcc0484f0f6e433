package middleware

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

func extract(trusted []netip.Prefix) echo.IPExtractor {
	return ClientAddress(trusted, slog.New(slog.DiscardHandler), time.Now)
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8:1::/48"),
	}
	for _, test := range []struct {
		name    string
		remote  string
		headers []string // "Name: value"; without a name, X-Forwarded-For
		want    string
	}{
		{"no header", "198.51.100.7:1234", nil, "198.51.100.7"},
		{"no header, from a proxy", "10.0.0.1:1234", nil, "10.0.0.1"},
		{"from nobody we trust", "198.51.100.7:1234", []string{"203.0.113.9"}, "198.51.100.7"},
		{"from nobody we trust, who names a proxy of ours", "198.51.100.7:1234", []string{"203.0.113.9, 10.0.0.1"}, "198.51.100.7"},
		{"neither loopback nor private is trusted by itself", "127.0.0.1:1234", []string{"203.0.113.9"}, "127.0.0.1"},
		{"192.168 isn't either", "192.168.1.1:1234", []string{"203.0.113.9"}, "192.168.1.1"},
		{"from a proxy", "10.0.0.1:1234", []string{"203.0.113.9"}, "203.0.113.9"},
		{"from a proxy that is a single address", "192.0.2.1:1234", []string{"203.0.113.9"}, "203.0.113.9"},
		{"from its neighbour", "192.0.2.2:1234", []string{"203.0.113.9"}, "192.0.2.2"},
		{"through two proxies", "10.0.0.1:1234", []string{"203.0.113.9, 10.9.9.9"}, "203.0.113.9"},
		{"what the client says of itself", "10.0.0.1:1234", []string{"1.1.1.1, 203.0.113.9"}, "203.0.113.9"},
		{"a client that claims to be a proxy", "10.0.0.1:1234", []string{"10.3.3.3, 203.0.113.9"}, "203.0.113.9"},
		{"a client that claims to be the server itself", "10.0.0.1:1234", []string{"127.0.0.1, 203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"only proxies", "10.0.0.1:1234", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"several lines are one list", "10.0.0.1:1234", []string{"1.1.1.1", "203.0.113.9", "10.0.0.2"}, "203.0.113.9"},
		{"several lines, the last one untrusted", "10.0.0.1:1234", []string{"1.1.1.1", "2.2.2.2, 203.0.113.9"}, "203.0.113.9"},
		{"blanks", "10.0.0.1:1234", []string{"  203.0.113.9\t,  10.0.0.2 "}, "203.0.113.9"},
		{"nonsense that nobody looks at", "10.0.0.1:1234", []string{"<script>, 203.0.113.9"}, "203.0.113.9"},
		{"nonsense counts for who handed it on", "10.0.0.1:1234", []string{"203.0.113.9, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"nothing counts for who handed it on", "10.0.0.1:1234", []string{""}, "10.0.0.1"},
		{"an empty entry", "10.0.0.1:1234", []string{"203.0.113.9,"}, "10.0.0.1"},
		{"a hidden one (RFC 7239)", "10.0.0.1:1234", []string{"_hidden"}, "10.0.0.1"},
		{"leading zeros aren't an address", "10.0.0.1:1234", []string{"203.0.113.009"}, "10.0.0.1"},
		{"a port", "10.0.0.1:1234", []string{"203.0.113.9:55123"}, "203.0.113.9"},
		{"IPv6", "10.0.0.1:1234", []string{"2001:db8:2::7"}, "2001:db8:2::7"},
		{"IPv6 in brackets", "10.0.0.1:1234", []string{"[2001:DB8:2::7]"}, "2001:db8:2::7"},
		{"IPv6 with a port", "10.0.0.1:1234", []string{"[2001:db8:2::7]:443, [2001:db8:1::1]:80"}, "2001:db8:2::7"},
		{"an IPv6 proxy", "[2001:db8:1::9]:1234", []string{"203.0.113.9"}, "203.0.113.9"},
		{"an IPv6 client", "[2001:db8:2::9]:1234", []string{"203.0.113.9"}, "2001:db8:2::9"},
		{"IPv4 within IPv6 is IPv4", "[::ffff:10.0.0.1]:1234", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"a zone", "[fe80::1%eth0]:1234", nil, "fe80::1"},
		{"a socket", "@", []string{"203.0.113.9"}, "@"},
		{"other headers mean nothing", "10.0.0.1:1234", []string{"X-Real-Ip: 203.0.113.9", "Forwarded: for=203.0.113.9", "True-Client-Ip: 203.0.113.9"}, "10.0.0.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = test.remote
			for _, h := range test.headers {
				name, value, ok := strings.Cut(h, "-Ip: ")
				switch {
				case ok:
					r.Header.Add(name+"-Ip", value)
				case strings.HasPrefix(h, "Forwarded: "):
					r.Header.Add("Forwarded", strings.TrimPrefix(h, "Forwarded: "))
				default:
					r.Header.Add("X-Forwarded-For", h)
				}
			}
			if got := extract(trusted)(r); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			// Without trusted proxies, headers have no effect.
			bare := httptest.NewRequest(http.MethodGet, "/", nil)
			bare.RemoteAddr = test.remote
			if got, want := extract(nil)(r), extract(nil)(bare); got != want {
				t.Errorf("without trusted proxies %s, want that of the connection, %s", got, want)
			}
		})
	}
}

// The longest possible header takes a millisecond. With quadratic time the test would take minutes.
func TestClientAddressOfManyHops(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "10.0.0.1:1234"
	r.Header.Set("X-Forwarded-For", "203.0.113.9"+strings.Repeat(",10.0.0.2", 64<<10/9))
	if got := extract([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})(r); got != "203.0.113.9" {
		t.Errorf("%s, want the hop before all proxies", got)
	}
}

func TestUndeclaredProxiesAreLogged(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	now := time.Unix(0, 0)
	extract := ClientAddress([]netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}, slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
	// send sends a request with a header, and returns the logged text.
	send := func(peer, header string) string {
		log.Reset()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = peer
		if header != "" {
			r.Header.Set(header, "for=192.0.2.1")
		}
		extract(r)
		return log.String()
	}
	for _, test := range []struct {
		peer, header string
		named        bool
	}{
		{"10.0.0.1:1", "X-Forwarded-For", false}, // trusted
		{"10.0.0.2:1", "", false},
		{"10.0.0.2:1", "X-Forwarded-For", true},
		{"10.0.0.2:2", "X-Forwarded-For", false}, // logged only once
		{"10.0.0.3:1", "Forwarded", true},
	} {
		if got := send(test.peer, test.header); test.named != strings.Contains(got, "TRUSTED_PROXIES") || test.named != strings.Contains(got, "peer="+strings.Split(test.peer, ":")[0]) {
			t.Errorf("%s with %q: logged %q, want a warning: %t", test.peer, test.header, got, test.named)
		}
	}
	lines := 0
	for i := range 1000 {
		if send(fmt.Sprintf("203.0.%d.%d:1", i/250, i%250), "X-Forwarded-For") != "" {
			lines++
		}
	}
	if lines > 10 {
		t.Errorf("%d peers of public networks are logged, want 10 at most", lines)
	}
	if send("10.0.0.4:1", "X-Forwarded-For") == "" {
		t.Error("peers of public networks prevent the warning about a proxy of a private network")
	}
	now = now.Add(3 * time.Hour)
	if send("10.0.0.2:1", "X-Forwarded-For") == "" {
		t.Error("a proxy is logged only once, want again after hours")
	}
}

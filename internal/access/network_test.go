package access_test

import (
	"slices"
	"testing"

	"github.com/tenantry/tenantry/internal/access"
)

func TestNetworks(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string][]access.Network{
		"192.0.2.1":                {{Prefix: "192.0.2.1", Allowance: 1}},
		"::ffff:192.0.2.1":         {{Prefix: "192.0.2.1", Allowance: 1}},
		"2001:db8:1:203:4::5%eth0": {{Prefix: "2001:db8:1:203::/64", Allowance: 1}, {Prefix: "2001:db8:1:200::/56", Allowance: 4}, {Prefix: "2001:db8:1::/48", Allowance: 16}},
		"":                         {{Prefix: "", Allowance: 1}},
		"unix socket":              {{Prefix: "unix socket", Allowance: 1}},
	} {
		if got := access.Networks(ip); !slices.Equal(got, want) {
			t.Errorf("%q is in %v, want %v", ip, got, want)
		}
	}
}

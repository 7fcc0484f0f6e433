package access

import "net/netip"

// Network is a network for which requests are counted.
type Network struct {
	Prefix    string
	Allowance int64 // factor for the limits of a single client
}

// widths are the prefix lengths of the IPv6 networks that providers assign to subscribers, who can
// use every address in them. Several subscribers may share a wider network, so its limits are
// higher.
var widths = []struct {
	bits      int
	allowance int64
}{{64, 1}, {56, 4}, {48, 16}}

// Networks returns the networks of an address for which requests are counted, the narrowest first:
// for IPv4 the address itself, for IPv6 its /64, /56 and /48. A text that isn't an address is
// returned as the only network.
func Networks(ip string) []Network {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return []Network{{ip, 1}}
	}
	address = CanonicalAddress(address)
	if address.Is4() {
		return []Network{{address.String(), 1}}
	}
	networks := make([]Network, 0, len(widths))
	for _, w := range widths {
		networks = append(networks, Network{netip.PrefixFrom(address, w.bits).Masked().String(), w.allowance})
	}
	return networks
}

// CanonicalAddress returns the form in which addresses are counted and stored: IPv4 addresses
// mapped to IPv6 become IPv4, and zones are removed, because they have a meaning only on this
// machine.
func CanonicalAddress(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

// IsPrivate reports whether an address is private, loopback or link-local. Reverse proxies usually
// have such addresses.
func IsPrivate(address netip.Addr) bool {
	return address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast()
}

// WidestNetwork returns the prefix of the widest network of an address.
func WidestNetwork(ip string) string {
	networks := Networks(ip)
	return networks[len(networks)-1].Prefix
}

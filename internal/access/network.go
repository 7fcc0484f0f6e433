package access

import "net/netip"

// Network is a network that an address is part of.
type Network struct {
	Prefix    string
	Allowance int64 // factor of the limits of a single client
}

// widths are the sizes of the IPv6 networks that providers give to a subscriber, who can use every address in them.
// Several subscribers may share a wider network, so its limits are higher.
var widths = []struct {
	bits      int
	allowance int64
}{{64, 1}, {56, 4}, {48, 16}}

// Networks returns the networks for which limits count an address, the narrowest first: the address itself for IPv4,
// its /64, /56 and /48 for IPv6. A text that isn't an address is returned as the only network.
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

// CanonicalAddress returns the form in which addresses are counted and written down: IPv4 within IPv6 is IPv4, and
// zones are left out, because only the machine itself knows them.
func CanonicalAddress(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

// IsPrivate reports whether an address is of a private network, of the machine itself or of its link: where reverse proxies
// usually are.
func IsPrivate(address netip.Addr) bool {
	return address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast()
}

// WidestNetwork returns the prefix of the last of Networks: a client may have any number of addresses in it.
func WidestNetwork(ip string) string {
	networks := Networks(ip)
	return networks[len(networks)-1].Prefix
}

package access

import "net/netip"

// Network is a network that an address is part of, and how much more than a single client it may do: a factor of limits.
type Network struct {
	Prefix    string
	Allowance int64
}

// widths are the IPv6 networks that providers give to a subscriber: whoever has one of them has all addresses in it.
// The wider it is, the more subscribers may share it.
var widths = []struct {
	bits      int
	allowance int64
}{{64, 1}, {56, 4}, {48, 16}}

// Networks returns the networks that limits count an address by, the narrowest first: with IPv4 the address itself, with IPv6 its /64,
// /56 and /48. What is no address is returned as it is.
func Networks(ip string) []Network {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return []Network{{ip, 1}}
	}
	address = address.Unmap().WithZone("")
	if address.Is4() {
		return []Network{{address.String(), 1}}
	}
	networks := make([]Network, 0, len(widths))
	for _, w := range widths {
		networks = append(networks, Network{netip.PrefixFrom(address, w.bits).Masked().String(), w.allowance})
	}
	return networks
}

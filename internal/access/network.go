package access

import "net/netip"

// Network is what counts as one client of the network: the address itself with IPv4, and with IPv6 the 64 bits that a single
// subscriber has for themselves. What is no address is returned as it is.
func Network(ip string) string {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	address = address.Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	return netip.PrefixFrom(address, 64).Masked().String()
}

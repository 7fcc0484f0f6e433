package access

import "fmt"

// RateClass is the x-rate-limit of an operation: which requests are counted together, and how many there may be.
type RateClass string

// The classes. Whoever has a token is counted by who they are, everybody else by their address.
const (
	RateNone     RateClass = "none"     // not limited: what is asked all the time, and costs nothing
	RateDefault  RateClass = "default"  // all others
	RateLogin    RateClass = "login"    // checks a password or a one-time token of somebody who isn't logged in
	RateRefresh  RateClass = "refresh"  // what a thief of tokens would try
	RatePassword RateClass = "password" // checks and hashes a password of somebody who is logged in
)

// ParseRateClass returns the class of that name.
func ParseRateClass(name string) (RateClass, error) {
	switch c := RateClass(name); c {
	case RateNone, RateDefault, RateLogin, RateRefresh, RatePassword:
		return c, nil
	}
	return "", fmt.Errorf("unknown class %q", name)
}

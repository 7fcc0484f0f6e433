package access

import "fmt"

// RateClass is the x-rate-limit of an operation. Each class has its own counters and limit.
type RateClass string

// The classes. Authenticated requests are counted per user, all others per address.
const (
	RateNone     RateClass = "none"     // not limited: frequent and cheap
	RateDefault  RateClass = "default"  // all other operations
	RateLogin    RateClass = "login"    // checks a password or one-time token without authentication
	RateRefresh  RateClass = "refresh"  // exchanges a refresh token
	RatePassword RateClass = "password" // checks and hashes the password of an authenticated user
)

// ParseRateClass returns the class with that name, or an error.
func ParseRateClass(name string) (RateClass, error) {
	switch c := RateClass(name); c {
	case RateNone, RateDefault, RateLogin, RateRefresh, RatePassword:
		return c, nil
	}
	return "", fmt.Errorf("unknown class %q", name)
}

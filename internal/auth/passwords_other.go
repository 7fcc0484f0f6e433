//go:build !linux

package auth

// atLowPriority calls f. Other systems can't change the priority of a single thread like this.
func atLowPriority(f func()) { f() }

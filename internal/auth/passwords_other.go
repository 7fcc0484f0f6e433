//go:build !linux

package auth

// atLowPriority calls f. Only Linux has a priority for a single thread.
func atLowPriority(f func()) { f() }

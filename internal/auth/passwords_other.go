//go:build !linux

package auth

// standBack calls f. Other systems have no priority of a single thread that may be changed like this.
func standBack(f func()) { f() }

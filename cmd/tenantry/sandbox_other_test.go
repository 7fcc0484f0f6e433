//go:build !linux

package main_test

// runSandboxed does nothing: the sandbox exists only on Linux.
func runSandboxed() {}

//go:build !linux

package main_test

// runSandboxed is for Linux alone.
func runSandboxed() {}

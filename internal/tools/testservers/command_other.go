//go:build !linux

package main

import "os"

func terminalSends(os.Signal) bool { return false }

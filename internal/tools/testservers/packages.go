package main

import (
	"os"

	"github.com/tenantry/tenantry/internal/tools/servers"
)

// missingPackages are Debian's packages for the engines that are not installed, for what tests
// start themselves, and for the C compiler that go test -race needs.
func missingPackages(wanted []engine) []string {
	var packages []string
	for _, e := range wanted {
		if e.find() != nil {
			packages = append(packages, e.debian)
		}
	}
	for _, program := range []string{"pgbouncer", "sqlite3", "curl", "git", "jq", "openssl", "rsync", "nginx", "haproxy"} { // the packages are called like them
		if servers.Lacks(program, "/usr/sbin/"+program) {
			packages = append(packages, program)
		}
	}
	if servers.Lacks("systemd-analyze") {
		packages = append(packages, "systemd")
	}
	if lacksCompiler() {
		packages = append(packages, "gcc", "libc6-dev")
	}
	return packages
}

// lacksCompiler reports whether cgo is wanted and can't work. (go env would not tell: without a
// compiler it says 0.)
func lacksCompiler() bool {
	if os.Getenv("CGO_ENABLED") == "0" || os.Getenv("CC") != "" {
		return false
	}
	return servers.Lacks("gcc", "cc", "clang")
}

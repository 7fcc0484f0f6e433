package main

import (
	"os"

	"github.com/tenantry/tenantry/internal/tools/servers"
)

// missingPackages returns the Debian packages of missing engines, of programs that tests start, and
// of the C compiler that go test -race needs.
func missingPackages(wanted []engine) []string {
	var packages []string
	for _, e := range wanted {
		if e.find() != nil {
			packages = append(packages, e.debian)
		}
	}
	for _, program := range []string{"pgbouncer", "sqlite3", "curl", "git", "jq", "openssl", "rsync", "nginx", "haproxy"} { // the packages have the same names
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

// lacksCompiler reports whether cgo is enabled but has no compiler. (go env can't tell: without a
// compiler it prints 0.)
func lacksCompiler() bool {
	if os.Getenv("CGO_ENABLED") == "0" || os.Getenv("CC") != "" {
		return false
	}
	return servers.Lacks("gcc", "cc", "clang")
}

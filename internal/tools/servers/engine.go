// Package servers starts private database servers for tests and benchmarks: from installed
// programs, on a free port of 127.0.0.1, with their data in a temporary folder. Root on Debian or
// Ubuntu gets missing programs installed.
package servers

import "context"

// Engine is one kind of server.
type Engine struct {
	Name   string // for people
	Debian string // Debian's package

	// Find returns an error that names what is not installed.
	Find func() error
	// URL is where a server is that listens on addr, which is host:port.
	URL func(addr, password string) string
	// Probe connects and returns the product with its version, such as "PostgreSQL 15.18".
	Probe func(ctx context.Context, addr, password string) (string, error)

	// prepare makes a data folder in the workspace and returns the server's command line for a port
	// of 127.0.0.1.
	prepare func(ctx context.Context, space *Workspace, password string) (func(port int) program, error)
	// forTests are arguments that allow many connections, and make the server fast because its data
	// may be lost.
	forTests []string
}

// Durable returns the engine with its maker's defaults: what is committed outlives a crash.
func (e Engine) Durable() Engine {
	e.forTests = nil
	return e
}

// Server is a running one.
type Server struct {
	URL     string
	Version string // the product and its version
	Addr    string // host:port
	PID     int

	// Stop ends it. The error tells that it had ended by itself before.
	Stop func() error
}

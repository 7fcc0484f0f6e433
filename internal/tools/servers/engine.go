// Package servers starts private database servers for tests and benchmarks from installed programs,
// on a free port of 127.0.0.1, with their data in a temporary folder. As root on Debian or Ubuntu
// it can install missing programs.
package servers

import "context"

// Engine is a kind of server.
type Engine struct {
	Name   string // in messages
	Debian string // the Debian package

	// Find returns an error that names what isn't installed.
	Find func() error
	// URL returns the URL of a server at addr, which is host:port.
	URL func(addr, password string) string
	// Probe connects and returns the product with its version, such as "PostgreSQL 15.18".
	Probe func(ctx context.Context, addr, password string) (string, error)

	// prepare creates a data folder in the workspace, and returns the server's command line for a
	// port of 127.0.0.1.
	prepare func(ctx context.Context, space *Workspace, password string) (func(port int) program, error)
	// forTests are arguments that allow many connections and trade durability for speed.
	forTests []string
}

// Durable returns the engine with its default settings, so that committed data survives a crash.
func (e Engine) Durable() Engine {
	e.forTests = nil
	return e
}

// Server is a running server.
type Server struct {
	URL     string
	Version string // the product and its version
	Addr    string // host:port
	PID     int

	// Stop ends the server. It returns an error if the server had already ended by itself.
	Stop func() error
}

// Package faults has tests only. They prove what happens to requests while the network to the
// database fails, or the database moves to another server.
package faults

// Package faults has only tests. They show what happens to requests while the network to the
// database fails, or the database moves to another server.
package faults

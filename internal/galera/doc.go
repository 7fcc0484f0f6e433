// Package galera has the tests of instances that work on different nodes of a Galera cluster.
package galera

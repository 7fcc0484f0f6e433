// Package galera tests instances that use different nodes of a Galera cluster.
package galera

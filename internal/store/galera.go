package store

import (
	"context"
	"fmt"
	"strconv"
)

// Galera describes the Galera cluster that a MariaDB or MySQL server is a node of.
type Galera struct {
	Nodes      int  // that the node sees, with itself
	Member     bool // false: the node has lost the majority of the others, and refuses to work
	SyncWait   int  // wsrep_sync_wait of our connections
	DirtyReads bool // the node answers reads although it isn't a member
}

// Galera returns ErrNotFound if the server is no node of a cluster.
func (s *Store) Galera(ctx context.Context) (Galera, error) {
	if s.engine != MySQL {
		return Galera{}, ErrNotFound
	}
	facts := map[string]string{}
	for _, query := range []string{"SHOW SESSION VARIABLES LIKE 'wsrep\\_%'", "SHOW GLOBAL STATUS LIKE 'wsrep\\_%'"} {
		var name, value string
		if err := eachRow(ctx, s.database.sqlDB(), query, func() { facts[name] = value }, &name, &value); err != nil {
			return Galera{}, fmt.Errorf("ask about the Galera cluster: %w", translateMySQL(err))
		}
	}
	if facts["wsrep_on"] != "ON" {
		return Galera{}, ErrNotFound
	}
	nodes, nodesErr := strconv.Atoi(facts["wsrep_cluster_size"])
	syncWait, syncErr := strconv.Atoi(facts["wsrep_sync_wait"])
	if nodesErr != nil || syncErr != nil {
		return Galera{}, fmt.Errorf("read wsrep_cluster_size %q and wsrep_sync_wait %q", facts["wsrep_cluster_size"], facts["wsrep_sync_wait"])
	}
	return Galera{
		Nodes: nodes, SyncWait: syncWait, DirtyReads: facts["wsrep_dirty_reads"] == "ON",
		Member: facts["wsrep_ready"] == "ON" && facts["wsrep_cluster_status"] == "Primary",
	}, nil
}

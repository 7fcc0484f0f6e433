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

// Galera returns the state of the cluster, or ErrNotFound if the server isn't a node of one.
func (s *Store) Galera(ctx context.Context) (Galera, error) {
	if s.engine != MySQL {
		return Galera{}, ErrNotFound
	}
	status := map[string]string{}
	for _, query := range []string{"SHOW SESSION VARIABLES LIKE 'wsrep\\_%'", "SHOW GLOBAL STATUS LIKE 'wsrep\\_%'"} {
		var name, value string
		if err := eachRow(ctx, s.database.sqlDB(), query, func() { status[name] = value }, &name, &value); err != nil {
			return Galera{}, fmt.Errorf("ask about the Galera cluster: %w", translateMySQL(err))
		}
	}
	if status["wsrep_on"] != "ON" {
		return Galera{}, ErrNotFound
	}
	nodes, nodesErr := strconv.Atoi(status["wsrep_cluster_size"])
	syncWait, syncErr := strconv.Atoi(status["wsrep_sync_wait"])
	if nodesErr != nil || syncErr != nil {
		return Galera{}, fmt.Errorf("read wsrep_cluster_size %q and wsrep_sync_wait %q", status["wsrep_cluster_size"], status["wsrep_sync_wait"])
	}
	return Galera{
		Nodes: nodes, SyncWait: syncWait, DirtyReads: status["wsrep_dirty_reads"] == "ON",
		Member: status["wsrep_ready"] == "ON" && status["wsrep_cluster_status"] == "Primary",
	}, nil
}

package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/tenantry/tenantry/internal/store"
)

// causalStatements is the mask of wsrep_sync_wait for reads, updates, deletions and insertions.
const causalStatements = 7

// cluster checks the Galera cluster of the database, if there is one.
func (p Patient) cluster(ctx context.Context, s *store.Store) []Check {
	const name = "cluster"
	g, err := s.Galera(ctx)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return findings(name, "the database is no Galera cluster", nil)
	case err != nil:
		return findings(name, "", []Check{{Result: Warning, Detail: err.Error(), Fix: "look at the database's own log"}})
	case !g.Member:
		return findings(name, "", []Check{{
			Result: Failed, Detail: "this node has lost the majority of its Galera cluster, and refuses to work",
			Fix: `start the other nodes, see "Galera" in docs/operations.md`,
		}})
	}
	var found []Check
	warn := func(detail, fix string) { found = append(found, Check{Result: Warning, Detail: detail, Fix: fix}) }
	if g.SyncWait&causalStatements != causalStatements {
		warn(fmt.Sprintf("wsrep_sync_wait is %d, so a node may answer before it has what another one has acknowledged, such as a log-out", g.SyncWait),
			"set wsrep_sync_wait = 7 on all nodes")
	}
	if g.DirtyReads {
		warn("wsrep_dirty_reads is on, so a node that was cut off answers with old data", "set wsrep_dirty_reads = OFF on all nodes")
	}
	if g.Nodes < 3 {
		warn(fmt.Sprintf("the Galera cluster has %d of at least 3 nodes: the next one that fails stops it", g.Nodes), "start the other nodes, or add some")
	}
	if p.Config.AutoMigrate && p.Config.Environment != "development" {
		warn("AUTO_MIGRATE is set, and the lock for migrations is known on its own node of a Galera cluster only",
			"take AUTO_MIGRATE away, and run: tenantry migrate up")
	}
	return findings(name, fmt.Sprintf("a Galera cluster of %d nodes", g.Nodes), found)
}

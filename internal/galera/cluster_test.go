package galera_test

import (
	"database/sql"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/uuid"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/internal/tools/servers"
)

const nodes = 3

// cluster has three nodes, and an application on each node.
type cluster struct {
	apps  [nodes]*apitest.App
	admin [nodes]*sql.DB // direct connections
}

// startCluster starts a cluster as docs/operations.md describes. It ends with the test. Without the
// required programs the test is skipped, or fails if CI=true.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	if err := servers.FindGalera(); err != nil {
		const message = "GALERA IS NOT TESTED: %v; they are in Debian's packages mariadb-server and galera-4"
		if os.Getenv("CI") == "true" {
			t.Fatalf(message, err)
		}
		t.Skipf(message, err)
	}
	space, err := servers.NewWorkspace("galera")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(space.Remove)
	started, err := space.ServeGalera(t.Context(), nodes, documented(t, "ini", "wsrep_on"))
	if err != nil {
		t.Fatalf("start the cluster: %v", err)
	}
	c := &cluster{}
	for i, s := range started {
		t.Cleanup(func() {
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
		})
		config := mysql.NewConfig()
		config.User, config.Net, config.Addr = "root", "tcp", s.Addr
		connector, err := mysql.NewConnector(config)
		if err != nil {
			t.Fatal(err)
		}
		c.admin[i] = sql.OpenDB(connector)
		t.Cleanup(func() { _ = c.admin[i].Close() })
	}
	c.exec(t, 0, "CREATE DATABASE tenantry")
	for i, s := range started {
		c.apps[i] = apitest.Start(t, store.MySQL, apitest.Settings(s.URL+"tenantry"))
	}
	return c
}

// exec runs a statement on a node.
func (c *cluster) exec(t *testing.T, node int, statement string) {
	t.Helper()
	if _, err := c.admin[node].ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// count returns the number that a query finds on a node.
func (c *cluster) count(t *testing.T, node int, query string, args ...any) int {
	t.Helper()
	var n int
	if err := c.admin[node].QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// ids returns the ids that a query finds.
func (c *cluster) ids(t *testing.T, query string) []uuid.UUID {
	t.Helper()
	rows, err := c.admin[0].QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}

// documented returns the block of docs/operations.md in this language that contains the text.
func documented(t *testing.T, language, text string) string {
	t.Helper()
	content, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(content), -1) {
		if strings.Contains(match[1], text) {
			return match[1]
		}
	}
	t.Fatalf("docs/operations.md no longer has a block of %s with %q", language, text)
	return ""
}

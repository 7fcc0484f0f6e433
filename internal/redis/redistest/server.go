// Package redistest starts Redis servers of a test's own: to be stopped, to be watched by Sentinel, to be a cluster.
package redistest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	program = "redis-server"
	// patience is how long a server may take to answer.
	patience = 2 * time.Minute
	// The server ends when its guard's standard input does: at the latest with the test's process, however that ends.
	guard = `"$@" & server=$!; cat > /dev/null; kill -9 $server; wait $server`
)

// Server is one that runs.
type Server struct {
	Addr string // host:port

	args []string
	stop func()
}

// Start starts a server with these arguments beside those that it always needs. It ends with the test. Without the program
// it skips the test, or fails it where CI=true.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	need(t)
	port := FreePort(t)
	args = append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir()}, args...)
	return run(t, port, args)
}

// StartSentinel starts one that watches a server under a name, and takes half a second to find that it is down.
func StartSentinel(t testing.TB, name string, watched *Server) *Server {
	t.Helper()
	need(t)
	port := FreePort(t)
	host, watchedPort, err := net.SplitHostPort(watched.Addr)
	if err != nil {
		t.Fatal(err)
	}
	file := t.TempDir() + "/sentinel.conf" // it writes into it
	content := fmt.Sprintf("port %s\nbind 127.0.0.1\nsentinel monitor %s %s %s 1\nsentinel down-after-milliseconds %s 500\nsentinel failover-timeout %s 2000\n",
		port, name, host, watchedPort, name, name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return run(t, port, []string{file, "--sentinel"})
}

// StartCluster starts three servers that are a cluster, and returns when it works.
func StartCluster(t testing.TB) []*Server {
	t.Helper()
	const slots = 16384
	var servers []*Server
	for i := range 3 {
		s := Start(t, "--cluster-enabled", "yes", "--cluster-port", FreePort(t), "--cluster-node-timeout", "2000")
		servers = append(servers, s)
		client := s.client()
		defer client.Close()
		if err := client.ClusterAddSlotsRange(t.Context(), slots*i/3, slots*(i+1)/3-1).Err(); err != nil {
			t.Fatalf("give slots to a server: %v", err)
		}
	}
	first := servers[0].client()
	defer first.Close()
	for _, s := range servers[1:] {
		host, port, _ := net.SplitHostPort(s.Addr)
		client := s.client()
		defer client.Close()
		bus, err := client.ConfigGet(t.Context(), "cluster-port").Result()
		if err != nil {
			t.Fatalf("ask for a server's port: %v", err)
		}
		if err := first.Do(t.Context(), "CLUSTER", "MEET", host, port, bus["cluster-port"]).Err(); err != nil {
			t.Fatalf("join servers: %v", err)
		}
	}
	for _, s := range servers {
		client := s.client()
		defer client.Close()
		Until(t, "the cluster works", func() bool {
			info, err := client.ClusterInfo(t.Context()).Result()
			nodes, nodesErr := client.ClusterShards(t.Context()).Result()
			return err == nil && nodesErr == nil && strings.Contains(info, "cluster_state:ok") && len(nodes) == len(servers)
		})
	}
	return servers
}

// Stop kills the server.
func (s *Server) Stop() { s.stop() }

// Until waits until something holds, and fails the test if it takes too long.
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s it isn't so: %s", patience, what)
		}
	}
}

// FreePort returns a port of 127.0.0.1 that was free a moment ago.
func FreePort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

func need(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	const message = "REDIS IS NOT TESTED: the program " + program + " was not found"
	if os.Getenv("CI") == "true" {
		t.Fatal(message)
	}
	t.Skip(message)
}

func run(t testing.TB, port string, args []string) *Server {
	t.Helper()
	cmd := exec.Command("/bin/sh", append([]string{"-c", guard, "sh", program}, args...)...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	s := &Server{Addr: net.JoinHostPort("127.0.0.1", port), args: args}
	s.stop = sync.OnceFunc(func() { end(cmd, stdin) })
	t.Cleanup(s.stop)
	client := s.client()
	defer client.Close()
	deadline := time.Now().Add(patience)
	for client.Ping(t.Context()).Err() != nil {
		if time.Now().After(deadline) {
			s.stop()
			t.Fatalf("%s doesn't answer:\n%s", program, &output)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return s
}

func end(cmd *exec.Cmd, stdin io.Closer) {
	_ = stdin.Close()
	_ = cmd.Wait() // it was killed
}

func (s *Server) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1})
}

// Restart kills the server, and starts it again.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop()
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	*s = *run(t, port, s.args)
}

// DropSubscribers ends the connections of all that listen. They may connect again.
func (s *Server) DropSubscribers(t testing.TB) {
	t.Helper()
	client := s.client()
	defer client.Close()
	if err := client.ClientKillByFilter(t.Context(), "TYPE", "pubsub").Err(); err != nil {
		t.Fatalf("end subscriptions: %v", err)
	}
}

// Ping reports whether the server answers.
func (s *Server) Ping(ctx context.Context) bool {
	client := s.client()
	defer client.Close()
	return client.Ping(ctx).Err() == nil
}

// Replicas returns how many a sentinel knows that are well.
func (s *Server) Replicas(t testing.TB, name string) int {
	t.Helper()
	client := redis.NewSentinelClient(&redis.Options{Addr: s.Addr})
	defer client.Close()
	replicas, err := client.Replicas(t.Context(), name).Result()
	if err != nil {
		t.Fatalf("ask Sentinel: %v", err)
	}
	n := 0
	for _, r := range replicas {
		if r["flags"] == "slave" && r["master-link-status"] == "ok" {
			n++
		}
	}
	return n
}

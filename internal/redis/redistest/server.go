// Package redistest starts Redis servers for a single test: servers that it can stop, Sentinels and
// clusters.
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
	// startTimeout is how long a server may take to answer.
	startTimeout = 2 * time.Minute
	// The shell kills the server when its standard input is closed: at the latest when the test
	// process ends, for any reason.
	guard = `"$@" & server=$!; cat > /dev/null; kill -9 $server; wait $server`
)

// Server is a running server.
type Server struct {
	Addr string // host:port

	args []string
	stop func()
}

// Start starts a server with additional arguments. It is stopped at the end of the test. If
// redis-server isn't installed, Start skips the test, or fails it if CI=true.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	requireProgram(t)
	port := FreePort(t)
	args = append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir()}, args...)
	return run(t, port, args)
}

// StartSentinel starts a Sentinel that monitors a server under a name, with a down-after time of
// half a second.
func StartSentinel(t testing.TB, name string, watched *Server) *Server {
	t.Helper()
	requireProgram(t)
	port := FreePort(t)
	host, watchedPort, err := net.SplitHostPort(watched.Addr)
	if err != nil {
		t.Fatal(err)
	}
	file := t.TempDir() + "/sentinel.conf" // Sentinel rewrites its file
	content := fmt.Sprintf("port %s\nbind 127.0.0.1\nsentinel monitor %s %s %s 1\nsentinel down-after-milliseconds %s 500\nsentinel failover-timeout %s 2000\n",
		port, name, host, watchedPort, name, name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return run(t, port, []string{file, "--sentinel"})
}

// StartCluster starts a cluster of three servers, and returns when it is ready.
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

// Until waits until holds returns true, and fails the test after two minutes.
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(startTimeout); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("this isn't true after %s: %s", startTimeout, what)
		}
	}
}

// FreePort returns a port of 127.0.0.1 that is currently free.
func FreePort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

func requireProgram(t testing.TB) {
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
	deadline := time.Now().Add(startTimeout)
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
	_ = cmd.Wait() // returns an error because the server was killed
}

func (s *Server) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1})
}

// Restart kills the server and starts it again with the same port and arguments.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop()
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	*s = *run(t, port, s.args)
}

// DropSubscribers closes the connections of all subscribers. They can connect again.
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

// Replicas returns how many connected replicas a Sentinel knows.
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

// Package postgrestest starts PostgreSQL servers for a single test, which may kill them, and
// pgbouncer.
package postgrestest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// patience is the time limit for operations that take a second on an idle machine.
	patience = time.Minute
	askEvery = 20 * time.Millisecond
)

// Server is a PostgreSQL server that runs until the test ends. Every user of this machine can log
// in.
type Server struct {
	Addr string // host:port

	t       testing.TB
	account *syscall.Credential // PostgreSQL refuses to run as root
	dir     string
	data    string
	running *process
}

// New starts a server that can have standbys. If PostgreSQL isn't installed, it skips the test, or
// fails it if CI=true.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, account: account(t), dir: folder(t)}
	s.data = filepath.Join(s.dir, "primary")
	s.run("initdb", "--pgdata="+s.data, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	s.Addr = freeAddress(t)
	s.Start()
	return s
}

// Follow starts a standby of s. From then on, s acknowledges a commit only when the standby has it
// (synchronous replication).
func (s *Server) Follow() *Server {
	s.t.Helper()
	standby := &Server{t: s.t, account: s.account, dir: s.dir, data: filepath.Join(s.dir, "standby"), Addr: freeAddress(s.t)}
	s.run("pg_basebackup", "--pgdata="+standby.data, "--dbname="+s.URL("postgres"), "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
	standby.Start()
	s.Exec("ALTER SYSTEM SET synchronous_standby_names = '*'")
	s.Exec("SELECT pg_reload_conf()")
	s.await("SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
	return standby
}

// Start starts a stopped server, and returns when it answers.
func (s *Server) Start() {
	s.t.Helper()
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		s.t.Fatal(err)
	}
	args := []string{"-D", s.data}
	// The kernel keeps what killed processes have written, so fsync isn't needed.
	for _, setting := range []string{"listen_addresses=127.0.0.1", "port=" + port, "unix_socket_directories=", "fsync=off", "max_connections=100"} {
		args = append(args, "-c", setting)
	}
	s.running = start(s.t, s.account, s.dir, program(s.t, "postgres"), args...)
	s.await("SELECT true")
}

// Kill kills the server like kill -9.
func (s *Server) Kill() { s.running.kill() }

// Promote makes a standby a primary server.
func (s *Server) Promote() {
	s.t.Helper()
	s.Exec("SELECT pg_promote()")
}

// URL returns the URL of a database of the server.
func (s *Server) URL(database string) string {
	return "postgres://postgres@" + s.Addr + "/" + database + "?sslmode=disable"
}

// Exec runs a statement.
func (s *Server) Exec(statement string) {
	s.t.Helper()
	if err := s.ask(statement, func(pgx.Rows) error { return nil }); err != nil {
		s.t.Fatalf("%s: %v", statement, err)
	}
}

// await waits until the query returns true.
func (s *Server) await(question string) {
	s.t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(askEvery) {
		var yes bool
		if err = s.ask(question, func(rows pgx.Rows) error { return rows.Scan(&yes) }); err == nil && yes {
			return
		}
		if s.running.hasEnded() {
			break
		}
	}
	s.t.Fatalf("%s: still false (%v)\n%s", question, err, s.running.output())
}

func (s *Server) ask(question string, each func(pgx.Rows) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, question)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// run runs a program of PostgreSQL and waits for its end.
func (s *Server) run(name string, args ...string) {
	s.t.Helper()
	p := start(s.t, s.account, s.dir, program(s.t, name), args...)
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.kill()
	}
	if !p.cmd.ProcessState.Success() {
		s.t.Fatalf("%s: %s\n%s", name, p.cmd.ProcessState, p.output())
	}
}

// program finds a program of PostgreSQL, in PATH or Debian's folders.
func program(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	paths, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err == nil && len(paths) > 0 {
		return paths[len(paths)-1]
	}
	missing(t, name, "postgresql")
	return ""
}

// missing skips a test because a program isn't installed, or fails it if CI=true.
func missing(t testing.TB, name, debian string) {
	t.Helper()
	const message = "%s IS NOT INSTALLED, so this is not tested; it is in Debian's package %s"
	if os.Getenv("CI") == "true" {
		t.Fatalf(message, name, debian)
	}
	t.Skipf(message, name, debian)
}

// account returns the user that runs the programs if the test runs as root; nil otherwise.
func account(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if uidErr == nil && gidErr == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Fatal("root needs a system user postgres or nobody to run servers as")
	return nil
}

// folder creates a folder that belongs to the account.
func folder(t testing.TB) string {
	t.Helper()
	// Unlike the folders of t.TempDir, the account can open it.
	dir, err := os.MkdirTemp("", "postgrestest-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if a := account(t); a != nil {
		if err := os.Chown(dir, int(a.Uid), int(a.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// freeAddress returns an address of this machine with a port that was free just now.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(fmt.Errorf("find a free port: %w", err))
	}
	defer listener.Close()
	return listener.Addr().String()
}

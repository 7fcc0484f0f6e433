package postgrestest

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Bouncer starts pgbouncer in transaction mode with few connections to a server, and returns its
// URL. If pgbouncer isn't installed, it skips the test, or fails it if CI=true.
func Bouncer(t testing.TB, serverURL string, connections int) string {
	t.Helper()
	path, err := exec.LookPath("pgbouncer")
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/pgbouncer"); err != nil {
			missing(t, "pgbouncer", "pgbouncer")
		}
	}
	u, err := url.Parse(serverURL)
	if err != nil {
		t.Fatalf("read a server's URL: %v", err)
	}
	password, _ := u.User.Password()
	dir, address := folder(t), freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf(`[databases]
* = host=%s port=%s user=%s password=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = %d
max_client_conn = 500
`, u.Hostname(), u.Port(), u.User.Username(), password, port, connections)
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	owner := account(t)
	if owner != nil {
		if err := os.Chown(file, int(owner.Uid), int(owner.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, owner, dir, path, file)
	for deadline := time.Now().Add(patience); ; time.Sleep(askEvery) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			break
		}
		if p.hasEnded() || time.Now().After(deadline) {
			t.Fatalf("pgbouncer doesn't answer: %v\n%s", err, p.output())
		}
	}
	u.Host = address
	return u.String()
}

package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// galeraLibrary is the path of Galera in the Debian package galera-4, on which mariadb-server
// depends.
const galeraLibrary = "/usr/lib/galera/libgalera_smm.so"

// FindGalera returns an error that names what a cluster needs but isn't installed.
func FindGalera() error {
	if _, err := os.Stat(galeraLibrary); err != nil {
		return errors.New(galeraLibrary + " was not found")
	}
	if Lacks("rsync") {
		return errors.New("the program rsync was not found")
	}
	_, serverErr := findServer("mariadbd")
	_, installErr := findServer("mariadb-install-db")
	return errors.Join(serverErr, installErr)
}

// ServeGalera starts a cluster of MariaDB servers, one node after the other, and returns them when
// all are members. settings is an option file of MariaDB for all nodes. User root needs no
// password. After an error, no node runs.
func (w *Workspace) ServeGalera(ctx context.Context, nodes int, settings string) (servers []Server, err error) {
	if err := FindGalera(); err != nil {
		return nil, err
	}
	home, err := w.home("mysql")
	if err != nil {
		return nil, err
	}
	options, err := home.write("galera.cnf", settings)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err == nil {
			return
		}
		for _, s := range servers {
			_ = s.Stop() // the reason is in err
		}
	}()
	peers := "gcomm://" // without a peer, a node founds the cluster
	for n := range nodes {
		node := galeraNode{home: home, options: options, name: "node" + strconv.Itoa(n+1), peers: peers}
		s, group, err := w.serveGaleraNode(ctx, node)
		if err != nil {
			return servers, fmt.Errorf("%s: %w", node.name, err)
		}
		servers = append(servers, s)
		peers = "gcomm://" + group
	}
	return servers, nil
}

type galeraNode struct {
	home    home
	options string // the path of the option file
	name    string
	peers   string // the address of the cluster
}

// serveGaleraNode starts a node. When it accepts requests, it returns the node and its address in
// the cluster.
func (w *Workspace) serveGaleraNode(ctx context.Context, node galeraNode) (Server, string, error) {
	data, err := node.home.folder(node.name)
	if err != nil {
		return Server{}, "", err
	}
	if node.isFirst() { // the other nodes get a copy of its data
		install, err := findServer("mariadb-install-db")
		if err != nil {
			return Server{}, "", err
		}
		err = w.run(ctx, program{
			path: install,
			args: []string{"--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal", "--datadir=" + data, smallLog},
			home: node.home, stop: syscall.SIGTERM, died: syscall.SIGKILL,
		})
		if err != nil {
			return Server{}, "", err
		}
	}
	for range portAttempts {
		var s Server
		var group string
		if s, group, err = w.tryGaleraNode(ctx, node, data); !errors.Is(err, errPortTaken) {
			return s, group, err
		}
	}
	return Server{}, "", err
}

func (n galeraNode) isFirst() bool { return n.peers == "gcomm://" }

// smallLog makes the copy small that a new node gets.
const smallLog = "--innodb-log-file-size=8M"

func (w *Workspace) tryGaleraNode(ctx context.Context, node galeraNode, data string) (Server, string, error) {
	addresses := make([]string, 4) // for clients, for the cluster, and for the two kinds of state transfer
	for i := range addresses {
		port, err := freePort()
		if err != nil {
			return Server{}, "", err
		}
		addresses[i] = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	clients, group, increments, copies := addresses[0], addresses[1], addresses[2], addresses[3]
	server, err := findServer("mariadbd")
	if err != nil {
		return Server{}, "", err
	}
	_, port, _ := net.SplitHostPort(clients) // can't fail: it was joined above
	args := []string{
		"--defaults-file=" + node.options, "--datadir=" + data, "--tmpdir=" + node.home.dir,
		"--socket=" + filepath.Join(data, "sock"), "--pid-file=" + filepath.Join(data, "pid"),
		"--bind-address=127.0.0.1", "--port=" + port, "--skip-name-resolve", "--max-connections=200",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", smallLog,
		"--wsrep-provider=" + galeraLibrary, "--wsrep-node-name=" + node.name, "--wsrep-node-address=127.0.0.1",
		"--wsrep-cluster-address=" + node.peers, "--wsrep-sst-receive-address=" + copies,
		"--wsrep-provider-options=gmcast.listen_addr=tcp://" + group + ";ist.recv_addr=" + increments + ";gcache.size=16M",
	}
	if node.isFirst() {
		args = append(args, "--wsrep-new-cluster") // what galera_new_cluster does
	}
	running, err := w.start(program{path: server, args: args, home: node.home, stop: syscall.SIGKILL, died: syscall.SIGKILL})
	if err != nil {
		return Server{}, "", err
	}
	version, err := running.ready(ctx, func(ctx context.Context) (string, error) {
		// A node that isn't a member of the cluster refuses to read tables.
		return askMySQLVersion(ctx, clients, "", "select version() from mysql.global_priv limit 1")
	})
	if err != nil {
		_ = running.end() // the reason is in err
		return Server{}, "", err
	}
	return Server{URL: MySQL().URL(clients, ""), Version: version, Addr: clients, PID: running.cmd.Process.Pid, Stop: running.end}, group, nil
}

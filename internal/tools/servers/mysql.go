package servers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	driver "github.com/go-sql-driver/mysql"
)

func MySQL() Engine {
	return Engine{
		forTests: []string{"--max-connections=300", "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-file-per-table=0"},
		Name:     "MariaDB/MySQL", Debian: "mariadb-server",
		Find: func() error {
			_, err := findMySQL()
			return err
		},
		prepare: prepareMySQL,
		URL: func(addr, password string) string {
			u := url.URL{Scheme: "mysql", User: url.UserPassword("root", password), Host: addr, Path: "/"}
			return u.String()
		},
		Probe: probeMySQL,
	}
}

func probeMySQL(ctx context.Context, addr, password string) (string, error) {
	return askMySQLVersion(ctx, addr, password, "select version()")
}

func askMySQLVersion(ctx context.Context, addr, password, question string) (string, error) {
	config := driver.NewConfig()
	config.User, config.Passwd, config.Net, config.Addr = "root", password, "tcp", addr
	config.Logger = &driver.NopLogger{}
	connector, err := driver.NewConnector(config)
	if err != nil {
		return "", fmt.Errorf("configure the connection: %w", err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	var version string
	if err := db.QueryRowContext(ctx, question).Scan(&version); err != nil {
		return "", err
	}
	return mysqlLabel(version), nil
}

// mysqlLabel converts "10.11.19-MariaDB-0+deb12u1" to "MariaDB 10.11.19".
func mysqlLabel(version string) string {
	number, rest, _ := strings.Cut(version, "-")
	if strings.Contains(rest, "MariaDB") {
		return "MariaDB " + number
	}
	return "MySQL " + number
}

// mysqlPrograms are a server and the command that creates its data folder.
type mysqlPrograms struct {
	server  string
	install []string // the data folder is appended
}

// prepareMySQL creates a data folder.
func prepareMySQL(ctx context.Context, space *Workspace, password string) (func(int) program, error) {
	found, err := findMySQL()
	if err != nil {
		return nil, err
	}
	home, err := space.home("mysql")
	if err != nil {
		return nil, err
	}
	accounts, err := home.write("accounts.sql", mysqlAccounts(password))
	if err != nil {
		return nil, err
	}
	data := filepath.Join(home.dir, "data")
	err = space.run(ctx, program{
		path: found.install[0], args: append(found.install[1:], "--datadir="+data),
		home: home, stop: syscall.SIGTERM, died: syscall.SIGKILL,
	})
	if err != nil {
		return nil, err
	}
	return func(port int) program {
		// Options with "loose" exist only in MariaDB or only in MySQL.
		args := []string{
			"--no-defaults", "--datadir=" + data, "--tmpdir=" + home.dir,
			"--socket=" + filepath.Join(home.dir, "sock"), "--pid-file=" + filepath.Join(home.dir, "pid"),
			"--skip-networking=0", "--bind-address=127.0.0.1", "--port=" + strconv.Itoa(port), "--loose-mysqlx=OFF",
			"--skip-name-resolve", "--init-file=" + accounts, "--character-set-server=utf8mb4", "--skip-log-bin",
		}
		return program{path: found.server, args: args, home: home, stop: syscall.SIGTERM, died: syscall.SIGKILL}
	}, nil
}

// mysqlAccounts returns the statements that the server executes at its start, one per line.
func mysqlAccounts(password string) string {
	return fmt.Sprintf("CREATE USER IF NOT EXISTS root@'127.0.0.1';\n"+
		"ALTER USER root@'127.0.0.1' IDENTIFIED BY '%s';\n"+
		"GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;\n", password)
}

// findMySQL prefers MariaDB. MariaDB has a program that creates the data folder; MySQL's server
// does it itself.
func findMySQL() (mysqlPrograms, error) {
	mariadbd, serverErr := findServer("mariadbd")
	install, installErr := findServer("mariadb-install-db")
	if errors.Join(serverErr, installErr) == nil {
		return mysqlPrograms{mariadbd, []string{install, "--no-defaults", "--skip-test-db"}}, nil
	}
	mysqld, err := findServer("mysqld")
	if err != nil || serverErr == nil {
		return mysqlPrograms{}, errors.New("its programs mariadbd and mariadb-install-db, or mysqld, were not found")
	}
	return mysqlPrograms{mysqld, []string{mysqld, "--no-defaults", "--initialize-insecure"}}, nil
}

// findServer searches PATH, and folders that are often not in a user's PATH.
func findServer(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	return exec.LookPath(filepath.Join("/usr/sbin", name))
}

package servers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

func Postgres() Engine {
	return Engine{
		forTests: []string{
			"-c", "max_connections=300", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
			"-c", "jit=off", "-c", "wal_level=minimal", "-c", "max_wal_senders=0",
		},
		Name: "PostgreSQL", Debian: "postgresql",
		Find: func() error {
			_, err := findPostgres()
			return err
		},
		prepare: preparePostgres,
		URL:     postgresURL,
		Probe:   probePostgres,
	}
}

func postgresURL(addr, password string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", password), Host: addr, Path: "/postgres",
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

func probePostgres(ctx context.Context, addr, password string) (string, error) {
	conn, err := pgx.Connect(ctx, postgresURL(addr, password))
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	var version string
	if err := conn.QueryRow(ctx, "show server_version").Scan(&version); err != nil {
		return "", err
	}
	number, _, _ := strings.Cut(version, " ")
	return "PostgreSQL " + number, nil
}

// preparePostgres creates a database cluster.
func preparePostgres(ctx context.Context, space *Workspace, password string) (func(int) program, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	home, err := space.home("postgres")
	if err != nil {
		return nil, err
	}
	passwordFile, err := home.write("password", password)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(home.dir, "data")
	err = space.run(ctx, program{
		path: filepath.Join(bin, "initdb"),
		args: []string{
			"--pgdata=" + data, "--username=postgres", "--pwfile=" + passwordFile, "--auth=scram-sha-256",
			"--encoding=UTF8", "--locale=" + postgresLocale(), "--no-sync",
		},
		home: home, stop: syscall.SIGTERM, died: syscall.SIGKILL,
	})
	if err != nil {
		return nil, err
	}
	return func(port int) program {
		args := []string{"-D", data}
		for _, setting := range []string{
			"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(port), "unix_socket_directories=",
		} {
			args = append(args, "-c", setting)
		}
		// SIGQUIT is PostgreSQL's immediate shutdown. SIGKILL would leave its shared memory behind.
		return program{path: filepath.Join(bin, "postgres"), args: args, home: home, stop: syscall.SIGQUIT, died: syscall.SIGQUIT}
	}, nil
}

// postgresLocale returns a locale in which lower() works for all Unicode letters.
func postgresLocale() string {
	if runtime.GOOS == "linux" {
		return "C.UTF-8"
	}
	return "en_US.UTF-8"
}

// findPostgres returns the folder with initdb and postgres: the one in PATH, or the newest version
// in Debian's folders.
func findPostgres() (string, error) {
	var folders []string
	if initdb, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(initdb))
	}
	debian, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", fmt.Errorf("look for PostgreSQL: %w", err)
	}
	for _, folder := range append(folders, newestFirst(debian)...) {
		_, initdbErr := exec.LookPath(filepath.Join(folder, "initdb"))
		_, postgresErr := exec.LookPath(filepath.Join(folder, "postgres"))
		if errors.Join(initdbErr, postgresErr) == nil {
			return folder, nil
		}
	}
	return "", errors.New("its programs initdb and postgres were not found")
}

// newestFirst sorts folders named .../<version>/bin by version.
func newestFirst(folders []string) []string {
	version := func(folder string) float64 {
		number, _ := strconv.ParseFloat(filepath.Base(filepath.Dir(folder)), 64) // a folder without a version comes last
		return number
	}
	return slices.SortedFunc(slices.Values(folders), func(a, b string) int { return cmp.Compare(version(b), version(a)) })
}

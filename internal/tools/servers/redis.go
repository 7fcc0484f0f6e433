package servers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func Redis() Engine {
	return Engine{
		Name: "Redis", Debian: "redis-server",
		Find: func() error {
			if _, err := exec.LookPath("redis-server"); err != nil {
				return errors.New("its program redis-server was not found")
			}
			return nil
		},
		prepare: prepareRedis,
		URL:     func(addr, _ string) string { return "redis://" + addr + "/0" },
		Probe:   probeRedis,
	}
}

// probeRedis asks for INFO, which a server answers only when it is ready.
func probeRedis(ctx context.Context, addr, _ string) (string, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", fmt.Errorf("limit the wait: %w", err)
	}
	if _, err := io.WriteString(conn, "INFO server\r\nQUIT\r\n"); err != nil {
		return "", err
	}
	answer := bufio.NewScanner(conn)
	for answer.Scan() {
		if version, ok := strings.CutPrefix(answer.Text(), "redis_version:"); ok {
			return "Redis " + strings.TrimSpace(version), nil
		}
	}
	return "", errors.Join(errors.New("no answer to INFO"), answer.Err())
}

func prepareRedis(_ context.Context, space *Workspace, _ string) (func(int) program, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, err
	}
	home, err := space.home("redis")
	if err != nil {
		return nil, err
	}
	return func(port int) program {
		args := []string{
			"--port", strconv.Itoa(port), "--bind", "127.0.0.1",
			"--save", "", "--appendonly", "no", "--dir", home.dir,
		}
		return program{path: path, args: args, home: home, stop: syscall.SIGTERM, died: syscall.SIGKILL}
	}, nil
}

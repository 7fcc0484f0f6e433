package main

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

//go:embed compose.yaml
var composeFile []byte

const (
	dockerInfoTimeout = 5 * time.Second
	dockerUpTimeout   = 10 * time.Minute // it may have to fetch the images
	dockerDownTimeout = time.Minute
)

// compose is one project of docker compose.
type compose struct {
	project  string
	password string
}

// startContainers starts what is left in containers and returns what it could not start.
func (l *launcher) startContainers(ctx context.Context, left []shortfall) []shortfall {
	left, hopeless := split(left)
	if len(left) == 0 {
		return hopeless
	}
	return append(hopeless, l.startServices(ctx, left)...)
}

// split tells those that have a container from those that have none.
func split(left []shortfall) (with, without []shortfall) {
	for _, s := range left {
		if s.engine.service == "" {
			without = append(without, s)
			continue
		}
		with = append(with, s)
	}
	return with, without
}

func (l *launcher) startServices(ctx context.Context, left []shortfall) []shortfall {
	if err := dockerAnswers(ctx); err != nil {
		return also(left, err)
	}
	suffix := strings.ToLower(rand.Text()[:10])
	c := compose{project: "testservers-" + suffix, password: rand.Text()}
	l.stops = append(l.stops, c.down)
	args := []string{"up", "--detach", "--wait", "--quiet-pull"}
	for _, s := range left {
		args = append(args, s.engine.service)
	}
	upCtx, cancel := context.WithTimeout(ctx, dockerUpTimeout)
	defer cancel()
	if _, err := c.run(upCtx, args...); err != nil {
		return also(left, err)
	}
	var still []shortfall
	for _, s := range left {
		found, err := c.server(ctx, s.engine)
		if err != nil {
			still = append(still, also([]shortfall{s}, err)...)
			continue
		}
		l.use(s.engine, found)
	}
	return still
}

// dockerAnswers returns an error that says what is missing: the client, or an engine that it can
// reach.
func dockerAnswers(ctx context.Context) error {
	if _, err := exec.LookPath("docker"); err != nil {
		return errors.New("docker is not installed")
	}
	ctx, cancel := context.WithTimeout(ctx, dockerInfoTimeout)
	defer cancel()
	if err := exec.CommandContext(ctx, "docker", "info").Run(); err != nil {
		return errors.New("no Docker engine answers")
	}
	return nil
}

// also adds a reason to each of the shortfalls.
func also(left []shortfall, reason error) []shortfall {
	var all []shortfall
	for _, s := range left {
		all = append(all, shortfall{s.engine, fmt.Errorf("%w; and %w", s.reason, reason)})
	}
	return all
}

// server finds the engine's container and asks it for its version.
func (c compose) server(ctx context.Context, e engine) (server, error) {
	addr, err := c.run(ctx, "port", e.service, e.port)
	if err != nil {
		return server{}, err
	}
	version, err := e.kind.Probe(ctx, addr, c.password)
	if err != nil {
		return server{}, fmt.Errorf("no answer from the container: %w", err)
	}
	return server{
		url: e.kind.URL(addr, c.password), label: version + " on " + addr + " (Docker)",
		stop: func() error { return nil }, // the whole project is taken down
	}, nil
}

// down removes the containers and their data.
func (c compose) down() error {
	ctx, cancel := context.WithTimeout(context.Background(), dockerDownTimeout)
	defer cancel()
	_, err := c.run(ctx, "down", "--volumes", "--timeout", "5")
	return err
}

// run returns what docker compose prints on its standard output.
func (c compose) run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", append([]string{"compose", "--project-name", c.project, "--file", "-"}, args...)...)
	cmd.Env = append(os.Environ(), "TESTSERVERS_PASSWORD="+c.password)
	cmd.Stdin = bytes.NewReader(composeFile)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("docker compose %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(output)), nil
}

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
	dockerUpTimeout   = 10 * time.Minute // Docker may have to download the images
	dockerDownTimeout = time.Minute
)

// compose is a project of docker compose.
type compose struct {
	project  string
	password string
}

// startContainers starts the missing engines in containers and returns those that it couldn't
// start.
func (l *launcher) startContainers(ctx context.Context, left []shortfall) []shortfall {
	left, hopeless := split(left)
	if len(left) == 0 {
		return hopeless
	}
	return append(hopeless, l.startServices(ctx, left)...)
}

// split separates engines with a container from those without.
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

// dockerAnswers returns an error if Docker's client isn't installed or can't reach an engine.
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

// server returns the engine's container with its version.
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
		stop: func() error { return nil }, // down removes the whole project
	}, nil
}

// down removes the containers and their data.
func (c compose) down() error {
	ctx, cancel := context.WithTimeout(context.Background(), dockerDownTimeout)
	defer cancel()
	_, err := c.run(ctx, "down", "--volumes", "--timeout", "5")
	return err
}

// run returns the standard output of a docker compose command.
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

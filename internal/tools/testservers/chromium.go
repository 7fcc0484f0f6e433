package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

const versionTimeout = 30 * time.Second // the first start of a browser is slow

// chromiumPrograms are the names of Chromium and Chrome.
var chromiumPrograms = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

func chromium() engine {
	return engine{
		name: "Chromium", variable: "TEST_CHROMIUM", debian: "chromium",
		find: func() error {
			_, err := findChromium()
			return err
		},
		locate: locateChromium,
	}
}

func findChromium() (string, error) {
	for _, name := range chromiumPrograms {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("neither chromium nor google-chrome was found")
}

// locateChromium returns the path and version of a browser that can be started.
func locateChromium(ctx context.Context) (path, version string, err error) {
	if path, err = findChromium(); err != nil {
		return "", "", err
	}
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		return "", "", fmt.Errorf("ask %s for its version: %w: %s", path, err, strings.TrimSpace(stderr.String()))
	}
	return path, strings.TrimSpace(string(output)), nil
}

package servers

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

const (
	policyFile     = "/usr/sbin/policy-rc.d"
	installTimeout = 15 * time.Minute
)

// Lacks reports whether none of these programs is installed.
func Lacks(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		_, err := exec.LookPath(name)
		return err == nil
	})
}

// CanInstall reports whether the current user is root on Debian or a derivative.
func CanInstall() bool {
	if !isRoot() {
		return false
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return false
	}
	release, err := os.Open("/etc/os-release")
	if err != nil {
		return false
	}
	defer release.Close()
	return isDebian(release)
}

// isDebian parses an os-release file (os-release(5)), in which ID and ID_LIKE name the distribution
// and those that it is derived from.
func isDebian(release io.Reader) bool {
	lines := bufio.NewScanner(release)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), "=")
		if key != "ID" && key != "ID_LIKE" {
			continue
		}
		names := strings.Fields(strings.Trim(value, `"'`))
		if slices.Contains(names, "debian") || slices.Contains(names, "ubuntu") {
			return true
		}
	}
	return false
}

// Install installs Debian packages without starting their services.
func Install(ctx context.Context, packages []string) error {
	removePolicy, err := forbidServices()
	if err != nil {
		return err
	}
	defer removePolicy()
	ctx, cancel := context.WithTimeout(ctx, installTimeout)
	defer cancel()
	if err := aptGet(ctx, "update"); err != nil {
		return err
	}
	if err := aptInstall(ctx, packages...); err == nil || len(packages) == 1 {
		return err
	}
	// One by one, because a distribution may lack one of them (Ubuntu has no chromium).
	var errs []error
	for _, p := range packages {
		errs = append(errs, aptInstall(ctx, p))
	}
	return errors.Join(errs...)
}

func aptInstall(ctx context.Context, packages ...string) error {
	return aptGet(ctx, append([]string{"install", "-y", "--no-install-recommends"}, packages...)...)
}

// aptGet returns an error with the whole output if apt-get fails.
func aptGet(ctx context.Context, args ...string) error {
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-q", "-o", "DPkg::Lock::Timeout=120"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")
	cmd.Stdout, cmd.Stderr = &output, &output
	// An interrupt stops dpkg between two packages, not in the middle of one.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("apt-get %s: %w; its output:\n%s", args[0], err, output.String())
	}
	return nil
}

// forbidServices prevents packages from starting services (invoke-rc.d(8)), unless the machine
// already has a policy. If the launcher is killed, its policy allows everything.
func forbidServices() (remove func(), err error) {
	file, err := os.OpenFile(policyFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if errors.Is(err, os.ErrExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("forbid packages to start services: %w", err)
	}
	_, writeErr := fmt.Fprintf(file, "#!/bin/sh\n[ -d /proc/%d ] && exit 101\nexit 0\n", os.Getpid())
	if err := errors.Join(writeErr, file.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("forbid packages to start services: %w", err), os.Remove(policyFile))
	}
	return func() { _ = os.Remove(policyFile) }, nil
}

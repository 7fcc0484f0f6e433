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

// CanInstall reports whether this is root on Debian or a relative of it.
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

// isDebian reads an os-release file (os-release(5)): ID and ID_LIKE name the distribution and its
// relatives.
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

// Install installs Debian's packages without letting them start their services.
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
	// A distribution that lacks one of them (Ubuntu has no chromium) still gets the others.
	var errs []error
	for _, p := range packages {
		errs = append(errs, aptInstall(ctx, p))
	}
	return errors.Join(errs...)
}

func aptInstall(ctx context.Context, packages ...string) error {
	return aptGet(ctx, append([]string{"install", "-y", "--no-install-recommends"}, packages...)...)
}

// aptGet returns an error with the whole output when apt-get fails.
func aptGet(ctx context.Context, args ...string) error {
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"-q", "-o", "DPkg::Lock::Timeout=120"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")
	cmd.Stdout, cmd.Stderr = &output, &output
	// dpkg is interrupted between two packages and not in the middle of one.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("apt-get %s: %w; its output:\n%s", args[0], err, output.String())
	}
	return nil
}

// forbidServices makes packages not start what they install, as invoke-rc.d(8) describes, unless
// the machine has a policy already. A policy left behind by a killed launcher allows everything.
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

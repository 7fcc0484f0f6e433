package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeProgram writes an executable shell script to a new folder, and returns the folder.
func fakeProgram(t *testing.T, name, script string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestChromiumReachesTheCommand(t *testing.T) {
	t.Parallel()
	dir := fakeProgram(t, "google-chrome", "echo Google Chrome 1.2.3")
	output, err := launch(t, []string{"PATH=" + dir, givenPostgres, givenMySQL, givenRedis}, "--", "/bin/sh", "-c", "echo $TEST_CHROMIUM").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	path := filepath.Join(dir, "google-chrome")
	for _, want := range []string{"Google Chrome 1.2.3 at " + path + "\n", "\n" + path + "\n"} {
		if !strings.Contains(string(output), want) {
			t.Errorf("output %q, want %q in it", output, want)
		}
	}
}

func TestMissingChromiumFailsInCI(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ dir, reason, remedy string }{
		"none":   {t.TempDir(), "neither chromium nor google-chrome was found", "install Chromium, or set TEST_CHROMIUM to its path"},
		"broken": {fakeProgram(t, "chromium", "echo no libnss3 >&2; exit 1"), "no libnss3", "set TEST_CHROMIUM"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := launch(t, []string{"CI=true", "PATH=" + test.dir, givenPostgres, givenMySQL, givenRedis}, "--", "/bin/sh", "-c", "echo command")
			output, err := cmd.CombinedOutput()
			if got := status(t, err); got != statusFailure {
				t.Errorf("exit status %d, want %d", got, statusFailure)
			}
			for _, want := range []string{"CHROMIUM WILL NOT BE TESTED", test.reason, test.remedy} {
				if !strings.Contains(string(output), want) {
					t.Errorf("output %q, want %q in it", output, want)
				}
			}
			if strings.Contains(string(output), "command\n") {
				t.Errorf("output %q, want no command to be run", output)
			}
		})
	}
}

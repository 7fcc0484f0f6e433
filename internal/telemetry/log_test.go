package telemetry_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/telemetry"
)

// patience is how long a test waits for something that normally happens at once.
const patience = 30 * time.Second

func TestLoggerWritesJSONForMachines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, _, err := telemetry.NewLogger(telemetry.LogOptions{JSON: true}, &out)
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("hidden")
	log.Info("stopped", "within", 15)
	var line struct {
		Level, Msg string
		Within     int
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Level != "INFO" || line.Msg != "stopped" || line.Within != 15 {
		t.Errorf("%v: %s", err, out.String())
	}
}

func TestLoggerWritesLinesForPeopleWithoutColoursInAFile(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	path := filepath.Join(t.TempDir(), "new", "folder", "tenantry.log")
	log, file, err := telemetry.NewLogger(telemetry.LogOptions{Level: slog.LevelWarn, File: path}, &stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log.Info("hidden")
	log.Warn("slow", "took", "2 s")
	if got := read(t, path); !strings.HasSuffix(got, ` WRN slow took="2 s"`+"\n") || strings.Count(got, "\n") != 1 || strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr has lines of the file: %s", &stderr)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestLogFileCanBeReadByItsGroup(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tenantry.log")
	_, file, err := telemetry.NewLogger(telemetry.LogOptions{File: path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o640 && runtime.GOOS != "windows" {
		t.Errorf("mode %04o, want 0640", mode)
	}
}

func TestLogFileIsWrittenAtItsEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tenantry.log")
	if err := os.WriteFile(path, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	one, first, err := telemetry.NewLogger(telemetry.LogOptions{File: path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	two, second, err := telemetry.NewLogger(telemetry.LogOptions{File: path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	one.Info("one")
	two.Info("two")
	one.Info("three")
	if got := read(t, path); !strings.HasPrefix(got, "before\n") || strings.Count(got, "\n") != 4 {
		t.Errorf("two loggers with the same file overwrite each other:\n%s", got)
	}
}

func TestLogFileThatCantBeOpenedIsAnError(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder, filepath.Join(folder, "file", "tenantry.log")} {
		if _, _, err := telemetry.NewLogger(telemetry.LogOptions{File: path}, nil); err == nil || !strings.Contains(err.Error(), "LOG_FILE") {
			t.Errorf("%s: %v, want an error that names LOG_FILE", path, err)
		}
	}
}

// The signal reaches the whole process. So there is one test for it, and no other test of this
// package may run at the same time.
func TestHangup(t *testing.T) { //nolint:paralleltest // see above
	folder := t.TempDir()
	path, moved := filepath.Join(folder, "tenantry.log"), filepath.Join(folder, "tenantry.log.1")
	log, file, err := telemetry.NewLogger(telemetry.LogOptions{JSON: true, File: path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log.Info("first")

	// logrotate moves the file and then sends the signal.
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	log.Info("second")
	hangup(t)
	awaitText(t, path, "was reopened")
	log.Info("third")
	if got := read(t, moved); !strings.Contains(got, "first") || !strings.Contains(got, "second") || strings.Contains(got, "third") {
		t.Errorf("the old file has:\n%s", got)
	}
	if got := read(t, path); strings.Contains(got, "second") || !strings.Contains(got, "third") {
		t.Errorf("the new file has:\n%s", got)
	}

	// If the new file can't be opened, later lines must not be lost.
	if err := os.Rename(path, filepath.Join(folder, "kept")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	hangup(t)
	awaitText(t, filepath.Join(folder, "kept"), "can't be reopened")
	log.Info("fourth")
	if got := read(t, filepath.Join(folder, "kept")); !strings.Contains(got, "fourth") {
		t.Errorf("the line is lost:\n%s", got)
	}
}

func hangup(t *testing.T) {
	t.Helper()
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// awaitText waits until a file contains a text.
func awaitText(t *testing.T, path, text string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		content, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(content), text) {
			return
		}
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	t.Fatalf("%s never has %q", path, text)
}

func TestLinesThatCantBeWrittenGoToStderr(t *testing.T) {
	t.Parallel()
	const full = "/dev/full" // every write fails with "no space left on device"
	if _, err := os.Stat(full); err != nil {
		t.Skipf("this system has no %s", full)
	}
	var stderr bytes.Buffer
	log, file, err := telemetry.NewLogger(telemetry.LogOptions{JSON: true, File: full}, &stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log.Info("kept")
	if !strings.Contains(stderr.String(), "kept") {
		t.Errorf("stderr has %q", stderr.String())
	}
}

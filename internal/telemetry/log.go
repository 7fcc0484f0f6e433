package telemetry

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/lmittmann/tint"
)

// LogOptions are the options of NewLogger.
type LogOptions struct {
	Level slog.Level
	JSON  bool   // JSON instead of lines for people
	File  string // empty: the writer passed to NewLogger
}

// NewLogger returns a logger that writes to a file, or else to w. The caller closes the returned
// Closer. Until then SIGHUP reopens the file, so that it can be rotated.
func NewLogger(opts LogOptions, w io.Writer) (*slog.Logger, io.Closer, error) {
	if opts.File == "" {
		return slog.New(handler(opts, w, isTerminal(w))), io.NopCloser(nil), nil
	}
	file, err := openLogFile(opts.File, w)
	if err != nil {
		return nil, nil, err
	}
	log := slog.New(handler(opts, file, false))
	file.reopenOnHangup(log)
	return log, file, nil
}

func handler(opts LogOptions, w io.Writer, colored bool) slog.Handler {
	w = printable{w}
	if opts.JSON {
		return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: opts.Level})
	}
	format := time.TimeOnly
	if opts.File != "" {
		format = time.DateTime
	}
	return tint.NewTextHandler(w, &tint.Options{Level: opts.Level, TimeFormat: format, NoColor: !colored})
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

const (
	logFileMode   = 0o640
	logFolderMode = 0o750
)

// logFile appends each line with a single write, so that several processes can share the file.
type logFile struct {
	path    string
	instead io.Writer // gets the lines that can't be written

	mu   sync.Mutex
	file *os.File
	stop func()
}

func openLogFile(path string, instead io.Writer) (*logFile, error) {
	f := &logFile{path: path, instead: instead, stop: func() {}}
	return f, f.reopen()
}

// reopen opens the file that is at the path now. If that fails, it keeps the previous file.
func (f *logFile) reopen() error {
	if err := os.MkdirAll(filepath.Dir(f.path), logFolderMode); err != nil {
		return fmt.Errorf("LOG_FILE: make its folder: %w", err)
	}
	file, err := openToAppend(f.path)
	if err != nil {
		return fmt.Errorf("LOG_FILE: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file != nil {
		_ = f.file.Close()
	}
	f.file = file
	return nil
}

// openToAppend opens a file for appending. A new file gets logFileMode whatever the umask is; an
// existing file keeps its mode.
func openToAppend(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_EXCL|os.O_WRONLY, logFileMode)
	if errors.Is(err, fs.ErrExist) {
		return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, logFileMode)
	}
	if err != nil {
		return nil, err
	}
	if err := file.Chmod(logFileMode); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Write writes a line. If that fails, for example because the disk is full, it writes the line to
// stderr instead.
func (f *logFile) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n, err := f.file.Write(line); err == nil {
		return n, nil
	}
	return f.instead.Write(line)
}

// Close stops listening to SIGHUP and closes the file. Later lines go to stderr.
func (f *logFile) Close() error {
	f.stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Close()
}

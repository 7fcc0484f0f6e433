package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

const second = time.Second

// machine describes the machine and the database.
func machine(database string) string {
	memory := field("/proc/meminfo", "MemTotal")
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%d cores (%s), %s of memory, Linux %s, %s, %s with fsync", runtime.NumCPU(), field("/proc/cpuinfo", "model name"),
		memory, strings.TrimSpace(string(kernel)), strings.Replace(runtime.Version(), "go", "Go ", 1), database)
}

// field returns the text after a name and a colon in a file of /proc; "" if there is none.
func field(file, name string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

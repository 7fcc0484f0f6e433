package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc/<pid>/stat: 1/100 s on all architectures that Go runs on
// (proc_pid_stat(5)).
const tick = time.Second / 100

// stat has values of /proc/<pid>/stat.
type stat struct {
	parent   int
	cpu      time.Duration // of the process itself
	children time.Duration // of its children that have ended
}

// parseStat parses a line of proc_pid_stat(5). The second field is a name in parentheses, which may
// contain spaces and parentheses.
func parseStat(line string) (stat, error) {
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	const state, parent, utime, stime, cutime, cstime = 3, 4, 14, 15, 16, 17 // numbers of fields as the manual counts them
	if len(fields) <= cstime-state {
		return stat{}, fmt.Errorf("too few fields: %q", line)
	}
	var s stat
	var err error
	if s.parent, err = strconv.Atoi(fields[parent-state]); err != nil {
		return stat{}, err
	}
	for field, into := range map[int]*time.Duration{utime: &s.cpu, stime: &s.cpu, cutime: &s.children, cstime: &s.children} {
		n, err := strconv.ParseInt(fields[field-state], 10, 64)
		if err != nil {
			return stat{}, err
		}
		*into += time.Duration(n) * tick
	}
	return s, nil
}

// cpuOf returns the processor time that a process and all its children have used.
func cpuOf(pid int) (time.Duration, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	if len(paths) == 0 {
		return 0, fmt.Errorf("no /proc: processor times are measured on Linux only")
	}
	var sum time.Duration
	found := false
	for _, path := range paths {
		line, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		s, err := parseStat(string(line))
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		switch {
		case filepath.Base(filepath.Dir(path)) == strconv.Itoa(pid):
			sum += s.cpu + s.children
			found = true
		case s.parent == pid:
			sum += s.cpu
		}
	}
	if !found {
		return 0, fmt.Errorf("process %d has ended", pid)
	}
	return sum, nil
}

// parseResident returns VmRSS of proc_pid_status(5) in bytes.
func parseResident(status string) (int64, error) {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("no VmRSS in %q", status)
}

// residentOf returns the resident memory of a process, in bytes.
func residentOf(pid int) (int64, error) {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, err
	}
	return parseResident(string(status))
}

// watchResident samples a process's resident memory until stop is called. stop returns the maximum.
func watchResident(pid int, every time.Duration) (stop func() (int64, error)) {
	done, result := make(chan struct{}), make(chan error, 1)
	var most int64
	go func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			n, err := residentOf(pid)
			if err != nil {
				result <- err
				return
			}
			most = max(most, n)
			select {
			case <-done:
				result <- nil
				return
			case <-ticker.C:
			}
		}
	}()
	return func() (int64, error) {
		close(done)
		err := <-result
		return most, err
	}
}

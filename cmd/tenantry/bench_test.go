package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantry/tenantry/internal/seed"
)

// BenchmarkStart measures the time from the program's start to its first reply, on an existing SQLite database with the demo
// data: the median of several starts. What is left of the first start's cost, such as reading the file, is not in it.
func BenchmarkStart(b *testing.B) {
	home := newInstallation(b)
	home.serve("--demo").kill()
	for b.Loop() {
		var times []time.Duration
		for range 11 {
			start := time.Now()
			p := home.serve()
			p.do(http.MethodGet, "/api/healthz", "").want(b, http.StatusOK)
			times = append(times, time.Since(start))
			p.kill()
		}
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms/start")
	}
	b.ReportMetric(0, "ns/op") // it would count the kills
}

// BenchmarkMemory measures the resident memory of a server after 10,000 requests of logged-in users, half of them lists.
func BenchmarkMemory(b *testing.B) {
	const requests, clients = 10_000, 8
	for b.Loop() {
		p := newInstallation(b, "LOG_LEVEL=error").serve("--demo")
		status := filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "status")
		if _, err := os.Stat(status); err != nil {
			b.Skipf("MEMORY IS NOT MEASURED: only Linux has it in %s", status)
		}
		token := p.login("ceo@fashionhub.com", seed.Password).Access
		var wait sync.WaitGroup
		for range clients {
			wait.Go(func() {
				for range requests / clients / 2 {
					for _, path := range []string{mePath, companiesPath + "?sort=name&count=true"} {
						if r, err := p.try(http.MethodGet, path, "", bearer(token)); err != nil || r.status != http.StatusOK {
							b.Errorf("%s: %v, status %d", path, err, r.status)
						}
					}
				}
			})
		}
		wait.Wait()
		b.ReportMetric(float64(kilobytes(b, status, "VmRSS"))/1024, "MiB-resident")
		b.ReportMetric(float64(kilobytes(b, status, "VmHWM"))/1024, "MiB-peak")
		p.kill()
	}
	b.ReportMetric(0, "ns/op")
}

func kilobytes(b *testing.B, file, name string) int {
	b.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	match := regexp.MustCompile(name + `:\s+(\d+) kB`).FindStringSubmatch(string(content))
	if match == nil {
		b.Fatalf("no %s in %s:\n%s", name, file, strings.TrimSpace(string(content)))
	}
	n, err := strconv.Atoi(match[1])
	if err != nil {
		b.Fatal(err)
	}
	return n
}

package scale_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/apitest"
)

// maxExportMemory is how much more memory, in kB, a program may use during an export than when
// idle.
const maxExportMemory = 40 * 1024

// proveMemory builds the program and lets it export the large tenant's million entries in each
// format.
func (l *lab) proveMemory(t testing.TB) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Log("MEMORY IS NOT TESTED: only Linux reports it in /proc")
		return
	}
	binary := filepath.Join(t.TempDir(), "tenantry")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "github.com/tenantry/tenantry/cmd/tenantry")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	rows := l.rows.population.ofLarge()
	for _, format := range []api.AuditExportFormat{api.AuditExportFormatNdjson, api.AuditExportFormatCsv} {
		p := l.start(t, binary)
		token := p.login(t, l.large.User.Email)
		p.get(t, token, "/api/v1/audit/logs?limit=100") // opens connections and loads an entry
		idle := p.memory(t, "VmRSS")
		p.resetPeak(t)
		if lines := p.get(t, token, "/api/v1/audit/logs/export?format="+string(format)); lines < rows {
			t.Errorf("the export as %s has %d lines", format, lines)
		}
		more := p.memory(t, "VmHWM") - idle
		t.Logf("exporting %d entries as %s takes %d kB more than the %d kB of an idle program", rows, format, more, idle)
		if more > maxExportMemory {
			t.Errorf("exporting %d entries as %s takes %d kB more than the %d kB of an idle program, want %d at most", rows, format, more, idle, maxExportMemory)
		}
		p.stop()
	}
}

// program is a running tenantry serve.
type program struct {
	cmd  *exec.Cmd
	url  string
	stop func()
}

func (l *lab) start(t testing.TB, binary string) program {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	p := program{cmd: exec.CommandContext(ctx, binary, "serve"), stop: stop}
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = []string{
		"DATABASE_URL=" + l.address, "HTTP_ADDR=127.0.0.1:0", "BCRYPT_COST=4", "LOG_LEVEL=error", "SECRET_KEY=q7Vf0ZyT3mLr9XwKc2HsPd5NbJ8uEaGi4RtYoQ1eWxM6",
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	p.cmd.Stderr = &stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", binary, err)
	}
	ready := regexp.MustCompile(`is ready at (http://[^\s"]+)`)
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if match := ready.FindStringSubmatch(lines.Text()); match != nil {
			p.url = match[1]
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return p
		}
	}
	t.Fatalf("the program ended before it was ready: %s", stderr.String())
	return p
}

func (p program) do(t testing.TB, method, token, path, body string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	if response.StatusCode != http.StatusOK {
		content, _ := io.ReadAll(response.Body)
		t.Fatalf("%s %s: status %d: %s", method, path, response.StatusCode, content)
	}
	return response
}

func (p program) login(t testing.TB, email string) (token string) {
	t.Helper()
	response := p.do(t, http.MethodPost, "", "/api/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, email, apitest.Password))
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return apitest.Decode[api.LoginResult](t, apitest.Reply{Body: content}).AccessToken
}

// get reads a reply to its end and returns the number of lines.
func (p program) get(t testing.TB, token, path string) int {
	t.Helper()
	response := p.do(t, http.MethodGet, token, path, "")
	lines, buffer := 0, make([]byte, 64<<10)
	for {
		n, err := response.Body.Read(buffer)
		lines += bytes.Count(buffer[:n], []byte("\n"))
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatalf("%s: after %d lines: %v", path, lines, err)
		}
	}
}

func (p program) file(name string) string {
	return filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), name)
}

// resetPeak sets the peak of the memory use to the current use.
func (p program) resetPeak(t testing.TB) {
	t.Helper()
	if err := os.WriteFile(p.file("clear_refs"), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

// memory returns VmRSS, the program's current memory use, or VmHWM, its peak, in kB.
func (p program) memory(t testing.TB, name string) int {
	t.Helper()
	content, err := os.ReadFile(p.file("status"))
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(content)
	if match == nil {
		t.Fatalf("no %s in %s", name, content)
	}
	n, err := strconv.Atoi(string(match[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

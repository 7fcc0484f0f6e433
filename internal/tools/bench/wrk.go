package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// unique in a request's body is replaced by a text that no other request has.
const unique = "UNIQUEUNIQUEUN"

//go:embed load.lua
var loadScript []byte

// wrk is the load generator with its numbers of connections and threads and the folder of its
// script.
type wrk struct {
	connections, threads int
	dir                  string
	runs                 int // so far; makes unique texts differ between runs
}

// loaded is the result of a run.
type loaded struct {
	replies

	Requests     int64        `json:"requests"`
	Elapsed      microseconds `json:"microseconds"`
	P50          microseconds `json:"p50"`
	P99          microseconds `json:"p99"`
	Refused      int64        `json:"refused"` // replies of 400 and above
	SocketErrors int64        `json:"socket_errors"`
}

// replies are counted only by count.
type replies struct {
	Served           int64 `json:"served"`             // 2xx
	Busy             int64 `json:"busy"`               // 503
	BusyWithoutRetry int64 `json:"busy_without_retry"` // 503 without Retry-After
	Other            int64 `json:"other"`
}

// microseconds is a duration in wrk's unit.
type microseconds time.Duration

func (m *microseconds) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseInt(string(data), 10, 64)
	*m = microseconds(time.Duration(n) * time.Microsecond)
	return err
}

func (m microseconds) milliseconds() float64 { return float64(m) / float64(time.Millisecond) }

func (l loaded) perSecond() float64 { return float64(l.Requests) / l.seconds() }

func (l loaded) seconds() float64 { return time.Duration(l.Elapsed).Seconds() }

// newWrk writes the script to a folder, which also gets the files of requests.
func newWrk(dir string, connections, threads int) (*wrk, error) {
	w := &wrk{connections: connections, threads: threads, dir: dir}
	if err := os.WriteFile(w.script(), loadScript, 0o600); err != nil {
		return nil, fmt.Errorf("write wrk's script: %w", err)
	}
	return w, nil
}

func (w *wrk) script() string { return filepath.Join(w.dir, "load.lua") }

// load sends the requests to a server for some time. An error or a reply of 400 or above is an
// error.
func (w *wrk) load(ctx context.Context, url string, requests *requestFile, duration time.Duration) (loaded, error) {
	got, err := w.run(ctx, url, requests, duration, "")
	if err == nil && (got.Refused > 0 || got.SocketErrors > 0 || got.Requests == 0) {
		err = fmt.Errorf("%s of %s: %d requests, %d refused, %d socket errors", requests.name, url, got.Requests, got.Refused, got.SocketErrors)
	}
	return got, err
}

// count is like load, but allows replies of 400 and above, and counts the replies.
func (w *wrk) count(ctx context.Context, url string, requests *requestFile, duration time.Duration) (loaded, error) {
	got, err := w.run(ctx, url, requests, duration, "count")
	if err == nil && got.SocketErrors > 0 {
		err = fmt.Errorf("%s of %s: %d socket errors", requests.name, url, got.SocketErrors)
	}
	return got, err
}

func (w *wrk) run(ctx context.Context, url string, requests *requestFile, duration time.Duration, mode string) (loaded, error) {
	w.runs++
	seconds := max(1, int(duration.Round(time.Second).Seconds()))
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "wrk", "-c", strconv.Itoa(w.connections), "-t", strconv.Itoa(w.threads), "-d", strconv.Itoa(seconds)+"s",
		"--timeout", "30s", "-s", w.script(), url, "--", requests.path, strconv.Itoa(w.runs), mode)
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		return loaded{}, fmt.Errorf("wrk: %w: %s", err, stderr.String())
	}
	return parseResult(string(output))
}

// parseResult parses the script's line in the output of wrk.
func parseResult(output string) (loaded, error) {
	_, line, found := strings.Cut(output, "\nRESULT ")
	if !found {
		return loaded{}, fmt.Errorf("wrk printed no result: %s", output)
	}
	line, _, _ = strings.Cut(line, "\n")
	var l loaded
	if err := json.Unmarshal([]byte(line), &l); err != nil {
		return loaded{}, fmt.Errorf("read wrk's result: %w", err)
	}
	if l.Elapsed <= 0 {
		return loaded{}, errors.New("wrk's result has no time")
	}
	return l, nil
}

// requestFile is a file with a Lua table of requests.
type requestFile struct{ name, path string }

// request is a request before its encoding.
type request struct {
	method, path, token, body string
}

// text returns the request as HTTP/1.1 text (RFC 9112).
func (r request) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n", r.method, r.path)
	if r.token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", r.token)
	}
	if r.body != "" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(r.body))
	}
	return b.String() + "\r\n" + r.body
}

// write writes a file of requests.
func (w *wrk) write(name string, requests []request) (*requestFile, error) {
	var lua strings.Builder
	lua.WriteString("return {\n")
	for _, r := range requests {
		lua.WriteString(luaString(r.text()) + ",\n")
	}
	lua.WriteString("}\n")
	file := &requestFile{name: name, path: filepath.Join(w.dir, name+".lua")}
	if err := os.WriteFile(file.path, []byte(lua.String()), 0o600); err != nil {
		return nil, fmt.Errorf("write requests: %w", err)
	}
	return file, nil
}

// luaString returns a text as a Lua literal, with special bytes as numbers.
func luaString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, "\\%03d", c)
			continue
		}
		b.WriteByte(c)
	}
	b.WriteByte('"')
	return b.String()
}

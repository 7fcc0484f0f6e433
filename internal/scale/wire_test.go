package scale_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// wire is a proxy between the application and PostgreSQL. It makes the server explain each executed
// statement, and keeps the plans.
type wire struct {
	server string

	mu    sync.Mutex
	plans []plan
}

// plan is the output of auto_explain for a statement, with PostgreSQL's names.
//
//nolint:tagliatelle // PostgreSQL's names
type plan struct {
	Text string `json:"Query Text"`
	Root node   `json:"Plan"`
}

// node is a step of a plan, with the expected and the actual rows of all its loops.
//
//nolint:tagliatelle // PostgreSQL's names
type node struct {
	Type     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Expected float64 `json:"Plan Rows"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Hit      int     `json:"Shared Hit Blocks"`
	Read     int     `json:"Shared Read Blocks"`
	Steps    []node  `json:"Plans"`
}

// explained has the settings of a connection whose statements are explained.
var explained = map[string]string{
	"session_preload_libraries":     "auto_explain",
	"auto_explain.log_min_duration": "0",
	"auto_explain.log_analyze":      "on",
	"auto_explain.log_buffers":      "on",
	"auto_explain.log_timing":       "off",
	"auto_explain.log_format":       "json",
	"client_min_messages":           "log",
	"log_min_messages":              "panic", // keeps the plans out of the server's log
}

// newWire returns a wire and the URL of the database through it.
func newWire(t testing.TB, databaseURL string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatalf("read database URL: %v", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	w := &wire{server: u.Host}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go w.join(client)
		}
	}()
	u.Host = listener.Addr().String()
	query := u.Query()
	query.Set("sslmode", "disable")
	var options []string
	for name, value := range explained {
		options = append(options, "-c "+name+"="+value)
	}
	query.Set("options", strings.Join(options, " "))
	u.RawQuery = query.Encode()
	return w, u.String()
}

// join copies data between a client and the server until one of them closes the connection.
func (w *wire) join(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", w.server)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	messages := bufio.NewReader(server)
	for {
		// A type of one byte, and a length that includes itself.
		header := make([]byte, 5)
		if _, err := io.ReadFull(messages, header); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(header[1:])-4)
		if _, err := io.ReadFull(messages, body); err != nil {
			return
		}
		if header[0] == 'N' {
			w.note(body)
		}
		if _, err := client.Write(slices.Concat(header, body)); err != nil {
			return
		}
	}
}

// note reads a NoticeResponse: fields that consist of a letter and a text.
func (w *wire) note(body []byte) {
	for field := range bytes.SplitSeq(body, []byte{0}) {
		if len(field) == 0 || field[0] != 'M' {
			continue
		}
		_, explanation, found := strings.Cut(string(field), "plan:\n")
		var p plan
		if !found || json.Unmarshal([]byte(explanation), &p) != nil {
			continue
		}
		w.mu.Lock()
		w.plans = append(w.plans, p)
		w.mu.Unlock()
	}
}

// take returns the plans since the last call.
func (w *wire) take() []plan {
	w.mu.Lock()
	defer w.mu.Unlock()
	plans := w.plans
	w.plans = nil
	return plans
}

// touches reports whether the plan reads a table.
func (p plan) touches(table string) bool {
	touches := false
	p.Root.walk(func(n node) { touches = touches || n.Relation == table })
	return touches
}

// isBeside reports whether a statement doesn't belong to the tested query: it reads no table, for
// example because it sets the tenant or notifies other instances; or it belongs to the sealer of
// the audit trail; or it reads the session, which happens once a second.
func (p plan) isBeside() bool {
	reads := false
	p.Root.walk(func(n node) { reads = reads || n.Relation != "" })
	return !reads || p.touches("audit_links") || p.touches("audit_seals") || p.touches("sessions")
}

// buffers returns the number of 8 kB pages that the statement read, from memory or not.
func (p plan) buffers() int { return p.Root.Hit + p.Root.Read }

func (n node) walk(f func(node)) {
	f(n)
	for _, step := range n.Steps {
		step.walk(f)
	}
}

// String returns the outline of the plan.
func (p plan) String() string {
	var b strings.Builder
	var write func(n node, depth int)
	write = func(n node, depth int) {
		line, _ := json.Marshal(map[string]any{"expected": n.Expected, "rows": n.Rows * n.Loops, "buffers": n.Hit + n.Read})
		b.WriteString(strings.Repeat("  ", depth) + n.Type + " " + n.Relation + " " + n.Index + " " + string(line) + "\n")
		for _, step := range n.Steps {
			write(step, depth+1)
		}
	}
	write(p.Root, 0)
	return b.String()
}

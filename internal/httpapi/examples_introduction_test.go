package httpapi_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/document"
)

// blocks matches the introduction's shell blocks with their replies.
var blocks = regexp.MustCompile("(?s)```sh\n(.*?)```\n```http\n(.*?)```")

// TestIntroductionIsTrue runs the introduction's shell blocks in order in one shell, against the
// example world instead of the demo. The introduction shows the status, some headers and some
// fields of each reply.
func TestIntroductionIsTrue(t *testing.T) {
	t.Parallel()
	doc, err := document.Shared()
	if err != nil {
		t.Fatal(err)
	}
	found := blocks.FindAllStringSubmatch(doc.Info.Description, -1)
	if len(found) < 5 || strings.Count(doc.Info.Description, "```sh") != len(found) {
		t.Fatalf("%d of %d shell blocks have a reply", len(found), strings.Count(doc.Info.Description, "```sh"))
	}
	w := newExampleWorld(t)
	const end = "--- end of a block ---"
	script := "set -eu\n"
	for _, block := range found {
		script += block[1] + "printf '%s' '" + end + "'\n"
	}
	command := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(script, "http://localhost:8000", w.URL))
	output, err := command.Output()
	if err != nil {
		t.Fatalf("the introduction's lines need sh, curl and sed: %v\n%s", err, output)
	}
	replies := strings.Split(string(output), end)
	for i, block := range found {
		w.wantShown(t, block[1], block[2], replies[i])
	}
}

// wantShown fails the test unless a reply has everything that the introduction shows.
func (w *exampleWorld) wantShown(t *testing.T, lines, shown, got string) {
	t.Helper()
	want, reply := readReply(t, shown), readReply(t, got)
	if want.Status != reply.Status {
		t.Errorf("%s\nstatus %d, the introduction has %d:\n%s", lines, reply.Status, want.Status, got)
	}
	for name := range want.Header {
		if !showsHeader(want.Header.Get(name), name, reply.Header) {
			t.Errorf("%s\nheader %s %q, the introduction has %q", lines, name, reply.Header.Values(name), want.Header.Get(name))
		}
	}
	example, body := parse(t, want.Body), parse(t, reply.Body)
	for _, difference := range w.differences(example, shortened(body, example)) {
		t.Errorf("%s\n%s:\n%s", lines, difference, got)
	}
}

func parse(t *testing.T, body []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return value
}

// readReply parses the output of curl -i.
func readReply(t *testing.T, text string) apitest.Reply {
	t.Helper()
	head, body, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(head+"\n\n")), nil)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	defer response.Body.Close()
	return apitest.Reply{Status: response.StatusCode, Header: response.Header, Body: bytes.TrimSpace([]byte(body))}
}

// shortened returns the reply with only the fields that are shown.
func shortened(reply, shown any) any {
	switch got := reply.(type) {
	case map[string]any:
		fields, ok := shown.(map[string]any)
		if !ok {
			return reply
		}
		short := map[string]any{}
		for name, value := range got {
			if _, ok := fields[name]; ok {
				short[name] = shortened(value, fields[name])
			}
		}
		return short
	case []any:
		items, ok := shown.([]any)
		if !ok || len(items) != len(got) {
			return reply
		}
		short := make([]any, len(got))
		for i := range got {
			short[i] = shortened(got[i], items[i])
		}
		return short
	default:
		return reply
	}
}

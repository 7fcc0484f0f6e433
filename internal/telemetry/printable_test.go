package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/tenantry/tenantry/internal/telemetry"
)

// hidden are characters that a log must escape: terminal controls, directions of text, and
// invisible characters.
const hidden = "\x1b\x7f\u0085\u009b\u00a0\u00ad\u034f\u061c\u115f\u180e\u200b\u200d\u200e\u202e\u2028\u2029\u2060\u2066\u2800\u3164\ufe0f\ufeff\uffa0\ufff9\U000e0041\U000e0100"

func TestLogsEscapeInvisibleCharacters(t *testing.T) {
	t.Parallel()
	const visible = "Zürich 東京 👍 é"
	for _, asJSON := range []bool{true, false} {
		var out bytes.Buffer
		log, _, err := telemetry.NewLogger(telemetry.LogOptions{JSON: asJSON}, &out)
		if err != nil {
			t.Fatal(err)
		}
		text := visible + hidden
		log.WithGroup("group").With("with", text).Info("message "+text[:len(visible)]+"\u009b\u202e", "text", text, "key\u009b", 1, "error", errors.New(text),
			"any", struct{ Text string }{text}, "bytes", []byte("\x9b"))
		line := strings.TrimSuffix(out.String(), "\n")
		for _, r := range line {
			if r != ' ' && !unicode.IsPrint(r) || r > 0x7f && strings.ContainsRune(hidden, r) {
				t.Errorf("JSON %t: the log has %U: %s", asJSON, r, line)
			}
		}
		if !strings.Contains(line, visible) {
			t.Errorf("JSON %t: %s, want visible characters unchanged", asJSON, line)
		}
		if !asJSON {
			continue
		}
		var back struct{ Group struct{ Text string } }
		if err := json.Unmarshal([]byte(line), &back); err != nil || back.Group.Text != text {
			t.Errorf("%v: %q, want the logged text", err, back.Group.Text)
		}
	}
}

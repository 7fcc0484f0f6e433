package access_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// snapshot has a line for each operation: method, path, role, audit action, class of limits, kind of work, and
// the parameters that make it heavy. What clients can't see in the document's shape is written down there once
// more, so that a change of it is seen, and meant.
const snapshot = "testdata/operations.txt"

func TestRulesAreThoseOfTheSnapshot(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	written, now := map[string]string{}, map[string]string{}
	for line := range strings.Lines(string(content)) {
		name, rules := cutRules(strings.TrimSpace(line))
		written[name] = rules
	}
	for _, op := range operations(t) {
		name, rules := cutRules(strings.Join(append([]string{
			op.Method, op.Path, string(op.RequiredRole), op.AuditAction, string(op.RateClass), string(op.Work),
		}, op.HeavyParameters...), " "))
		now[name] = rules
		switch was, known := written[name]; {
		case !known:
			t.Errorf("%s is new. If its rules are meant, add this line to %s:\n%s %s", name, snapshot, name, rules)
		case was != rules:
			t.Errorf("%s had the rules %q, and has %q. If that is meant, change %s", name, was, rules, snapshot)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(written)) {
		if _, there := now[name]; !there {
			t.Errorf("%s is gone. If that is meant, remove its line from %s", name, snapshot)
		}
	}
}

// cutRules parts a line into method and path, and the rest.
func cutRules(line string) (name, rules string) {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return line, ""
	}
	return strings.Join(fields[:2], " "), strings.Join(fields[2:], " ")
}

package app

import (
	"bytes"
	"context"
	"runtime"
	"strings"
	"testing"
)

func TestRunPrintsTheVersion(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if status := Run(context.Background(), []string{"version"}, nil, &stdout, &stderr); status != statusOK {
		t.Errorf("status %d: %s", status, stderr.String())
	}
	if got := stdout.String(); !strings.HasPrefix(got, "tenantry 0.") || !strings.Contains(got, runtime.Version()) {
		t.Errorf("%q", got)
	}
}

func TestRunDistinguishesUsageErrorsFromFailures(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args, env string
		want      int
	}{
		{"migrate version", "DATABASE_URL=postgres://app:hunter2@127.0.0.1:1/x", statusFailed},
		{"migrate version", "LOG_LEVEL=loud", statusUsage},
		{"migrate sideways", "", statusUsage},
		{"serve --fast", "", statusUsage},
		{"srve", "", statusUsage},
		{"help", "", statusOK},
		{"migrate", "", statusOK},
	} {
		var stdout, stderr bytes.Buffer
		env := []string{"SECRET_KEY=q7Vf0ZyT3mLr9XwKc2HsPd5NbJ8uEaGi4RtYoQ1eWxM6", tc.env}
		if got := Run(t.Context(), strings.Fields(tc.args), env, &stdout, &stderr); got != tc.want {
			t.Errorf("%s with %s: status %d, want %d: %s", tc.args, tc.env, got, tc.want, stderr.String())
		}
		if (tc.want == statusOK) != (stderr.Len() == 0) || strings.Contains(stderr.String(), "hunter2") {
			t.Errorf("output of %s with %s: %s", tc.args, tc.env, stderr.String())
		}
	}
}

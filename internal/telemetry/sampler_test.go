package telemetry_test

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/tenantry/tenantry/internal/apitest"
	"github.com/tenantry/tenantry/internal/telemetry"
)

func TestClientsDoNotDecideWhatIsTraced(t *testing.T) { //nolint:paralleltest // it sets the environment
	const requests = 200
	for _, test := range []struct {
		sampler, ratio string
		min, max       int
	}{
		{"", "", requests, requests},
		{"parentbased_always_on", "", requests, requests},
		{"parentbased_always_off", "", 0, 0},
		{"parentbased_traceidratio", "0", 0, 0},
		{"traceidratio", "1", requests, requests},
		// By chance none or all are sampled once in 10^60 runs.
		{"parentbased_traceidratio", "0.5", 1, requests - 1},
	} {
		t.Setenv("OTEL_TRACES_SAMPLER", test.sampler)
		t.Setenv("OTEL_TRACES_SAMPLER_ARG", test.ratio)
		// These are the lowest and the highest trace id. A sampler that decides by the id would
		// sample always or never.
		for _, parent := range []string{
			"00-00000000000000000000000000000001-00f067aa0ba902b7-01", "00-ffffffffffffffffffffffffffffffff-00f067aa0ba902b7-00",
		} {
			collector := apitest.NewCollector(t)
			tracing, err := telemetry.NewTracing(t.Context(), telemetry.TracingOptions{
				Endpoint: collector.URL, ServiceName: "s", Log: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			for range requests {
				_, span, id := tracing.StartRequest(t.Context(), http.Header{"Traceparent": {parent}})
				span.End(telemetry.Ended{Method: "GET", Route: "/", Status: 200})
				if id != parent[3:35] {
					t.Fatalf("the trace is %s, want that of %s", id, parent)
				}
			}
			if err := tracing.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := len(collector.Spans()); n < test.min || n > test.max {
				t.Errorf("%s %s: %d of %d requests of %s are traced, want %d to %d", test.sampler, test.ratio, n, requests, parent, test.min, test.max)
			}
		}
	}
	for sampler, ratio := range map[string]string{"nonsense": "", "traceidratio": "2", "parentbased_traceidratio": "NaN"} {
		t.Setenv("OTEL_TRACES_SAMPLER", sampler)
		t.Setenv("OTEL_TRACES_SAMPLER_ARG", ratio)
		if _, err := telemetry.NewTracing(t.Context(), telemetry.TracingOptions{Endpoint: "http://localhost"}); err == nil {
			t.Errorf("%s %s is accepted", sampler, ratio)
		}
	}
}

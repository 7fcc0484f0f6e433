package telemetry

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// newSampler returns a sampler for the values of OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG,
// or an error that names the invalid one. A client may choose the trace id of its request, but
// neither that id nor its sampled flag decides whether the request is traced. Spans within a
// request are traced if the request is.
func newSampler(name, arg string) (sdktrace.Sampler, error) {
	var request ratio
	switch name {
	case "", "always_on", "parentbased_always_on":
		request = 1
	case "always_off", "parentbased_always_off":
		request = 0
	case "traceidratio", "parentbased_traceidratio":
		request = 1
		if arg != "" {
			value, err := strconv.ParseFloat(arg, 64)
			if err != nil || math.IsNaN(value) || value < 0 || value > 1 {
				return nil, errors.New("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, like 0.01")
			}
			request = ratio(value)
		}
	default:
		return nil, errors.New("OTEL_TRACES_SAMPLER must be always_on, always_off or traceidratio, each also with parentbased_ before it")
	}
	return sdktrace.ParentBased(request, sdktrace.WithRemoteParentSampled(request), sdktrace.WithRemoteParentNotSampled(request)), nil
}

// ratio samples requests at random with this probability.
type ratio float64

// ShouldSample decides about one request.
func (s ratio) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	decision := sdktrace.Drop
	if rand.Float64() < float64(s) {
		decision = sdktrace.RecordAndSample
	}
	return sdktrace.SamplingResult{Decision: decision, Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState()}
}

// Description returns the sampler's name for OpenTelemetry's own log.
func (s ratio) Description() string { return fmt.Sprintf("ratio(%g)", float64(s)) }

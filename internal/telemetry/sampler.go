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

// newSampler decides which requests are traced, as OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG say. A client may name the trace that its
// request is part of, but neither its flag nor the id that it chose decides whether the request is traced. What happens within a request
// is traced if the request is.
func newSampler(name, arg string) (sdktrace.Sampler, error) {
	var request share
	switch name {
	case "", "always_on", "parentbased_always_on":
		request = 1
	case "always_off", "parentbased_always_off":
		request = 0
	case "traceidratio", "parentbased_traceidratio":
		request = 1
		if arg != "" {
			ratio, err := strconv.ParseFloat(arg, 64)
			if err != nil || math.IsNaN(ratio) || ratio < 0 || ratio > 1 {
				return nil, errors.New("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, like 0.01")
			}
			request = share(ratio)
		}
	default:
		return nil, errors.New("OTEL_TRACES_SAMPLER must be always_on, always_off or traceidratio, each also with parentbased_ before it")
	}
	return sdktrace.ParentBased(request, sdktrace.WithRemoteParentSampled(request), sdktrace.WithRemoteParentNotSampled(request)), nil
}

// share samples so many of all requests, from 0 to 1, by chance.
type share float64

// ShouldSample decides about one request.
func (s share) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	decision := sdktrace.Drop
	if rand.Float64() < float64(s) { //nolint:gosec // nothing is to be kept secret
		decision = sdktrace.RecordAndSample
	}
	return sdktrace.SamplingResult{Decision: decision, Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState()}
}

// Description is for the library's own log.
func (s share) Description() string { return fmt.Sprintf("share(%g)", float64(s)) }

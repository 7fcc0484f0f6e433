package telemetry

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// maxFrames of a stack are kept.
const maxFrames = 100

// Panic is a panic as an error.
type Panic struct {
	Value any
	stack []uintptr
}

// Recovered returns a panic as an error that knows where it came from. It is called by the deferred function that recovered.
func Recovered(value any) *Panic {
	stack := make([]uintptr, maxFrames)
	return &Panic{Value: value, stack: stack[:runtime.Callers(1, stack)]}
}

func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// frames are those from the one that panicked outwards.
func (p *Panic) frames() []runtime.Frame {
	var all []runtime.Frame
	frames := runtime.CallersFrames(p.stack)
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		all = append(all, f)
	}
	panicked := slices.IndexFunc(all, func(f runtime.Frame) bool { return f.Function == "runtime.gopanic" })
	all = all[panicked+1:]
	for len(all) > 1 && strings.HasPrefix(all[0].Function, "runtime.") {
		all = all[1:] // how a nil pointer or an index becomes a panic
	}
	return all
}

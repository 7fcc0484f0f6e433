package telemetry

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// maxFrames limits the recorded stack.
const maxFrames = 100

// Panic is a recovered panic as an error.
type Panic struct {
	Value any
	stack []uintptr
}

// Recovered returns a panic as an error with its stack. The deferred function that recovered must
// call it.
func Recovered(value any) *Panic {
	stack := make([]uintptr, maxFrames)
	return &Panic{Value: value, stack: stack[:runtime.Callers(1, stack)]}
}

func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// frames returns the stack, innermost first, beginning at the frame that panicked.
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
		all = all[1:] // runtime functions that raise the panic of a nil pointer or an index
	}
	return all
}

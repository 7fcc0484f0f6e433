package access

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// workExtension is the kind of work of an operation. On a query parameter it makes the operation
// heavy.
const workExtension = "x-work"

// Work is the x-work of an operation. It decides which places of its tenant a request holds while
// its handler runs.
type Work string

// The kinds of work.
const (
	WorkNone   Work = "none"   // needs no database connection, or is limited elsewhere
	WorkLight  Work = "light"  // uses a connection for milliseconds
	WorkHeavy  Work = "heavy"  // uses a connection or a processor for long
	WorkStream Work = "stream" // every operation with x-streaming: lasts as long as the client reads
	// WorkSlow is light work of an operation whose recent requests were slow. The document doesn't
	// use it.
	WorkSlow Work = "slow"
)

// readWork reads x-work of the operation and of its parameters. The default is light, or none for
// an operation without authentication.
func (o *Operation) readWork() error {
	work, given := o.Spec.Extensions[workExtension]
	switch {
	case o.Streaming && given:
		return fmt.Errorf("%s: an operation with x-streaming must not have it", workExtension)
	case o.Streaming:
		o.Work = WorkStream
	case given:
		switch work {
		case string(WorkNone), string(WorkLight), string(WorkHeavy):
			o.Work = Work(fmt.Sprint(work))
		default:
			return fmt.Errorf("%s: unknown kind %q", workExtension, work)
		}
	case o.RequiredRole == Anon:
		o.Work = WorkNone
	default:
		o.Work = WorkLight
	}
	for _, p := range o.Parameters {
		work, given := p.Extensions[workExtension]
		if !given {
			continue
		}
		if work != string(WorkHeavy) || p.In != openapi3.ParameterInQuery {
			return fmt.Errorf("%s of the parameter %s: only a parameter of the query can have it, and only with the value heavy", workExtension, p.Name)
		}
		o.HeavyParameters = append(o.HeavyParameters, p.Name)
	}
	return nil
}

// WorkOf returns the work of a request with this query. A heavy parameter with the value false has
// no effect.
func (o *Operation) WorkOf(query url.Values) Work {
	if o.Work != WorkLight {
		return o.Work
	}
	isHeavy := func(name string) bool { return query.Has(name) && query.Get(name) != "false" }
	if slices.ContainsFunc(o.HeavyParameters, isHeavy) {
		return WorkHeavy
	}
	return WorkLight
}

package access

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// workExtension of an operation says how much of what tenants share it takes, and of a parameter that the operation is heavy with it.
const workExtension = "x-work"

// Work is the x-work of an operation: which share of its tenant a request takes while its handler runs.
type Work string

// The kinds of work.
const (
	WorkNone   Work = "none"   // needs no connection to the database, or is bounded elsewhere
	WorkLight  Work = "light"  // takes a connection for milliseconds
	WorkHeavy  Work = "heavy"  // takes a connection or a processor for long
	WorkStream Work = "stream" // takes as long as the client reads: that of x-streaming
)

// readWork reads x-work of the operation and of its parameters. An operation without one is light, or none if it is open to everyone.
func (o *Operation) readWork() error {
	work, given := o.Spec.Extensions[workExtension]
	switch {
	case o.Streaming && given:
		return fmt.Errorf("%s: a stream has its own", workExtension)
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
			return fmt.Errorf("%s of the parameter %s: only one of the query can be heavy, and nothing else", workExtension, p.Name)
		}
		o.HeavyParameters = append(o.HeavyParameters, p.Name)
	}
	return nil
}

// WorkOf is the work of a request with this query. A heavy parameter that is false makes no difference.
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

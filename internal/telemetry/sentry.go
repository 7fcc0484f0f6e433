package telemetry

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/getsentry/sentry-go"

	"github.com/tenantry/tenantry/internal/errs"
)

const (
	sentryTimeout = 5 * time.Second
	// sentryBuffer is how many reports may wait to be sent. Further ones are dropped.
	sentryBuffer = 100
)

// Sentry reports server errors. A nil *Sentry reports nothing.
type Sentry struct{ client *sentry.Client }

// Failure is a request that failed with a server error.
type Failure struct {
	Method    string
	Route     string // a template of the document, or Unmatched
	Status    int
	RequestID string
	TraceID   string // empty without one
	TenantID  string // empty without one
	Err       error
}

// NewSentry returns nil if dsn is empty. Its error never contains the DSN, which is a secret.
func NewSentry(dsn, release, environment string) (*Sentry, error) {
	if dsn == "" {
		return nil, nil //nolint:nilnil // Sentry is optional
	}
	transport := sentry.NewHTTPTransport()
	transport.BufferSize, transport.Timeout = sentryBuffer, sentryTimeout
	client, err := sentry.NewClient(sentry.ClientOptions{
		Dsn: dsn, Release: release, Environment: environment, Transport: transport, DisableClientReports: true,
		// Send nothing about the machine, the modules or the environment.
		Integrations: func([]sentry.Integration) []sentry.Integration { return nil },
	})
	if err != nil {
		return nil, errors.New("SENTRY_DSN can't be used; it must be like https://key@host/project")
	}
	return &Sentry{client: client}, nil
}

// Report sends where and with what types of errors a request failed. It doesn't send the text of
// errors, because drivers quote values in it. The text is in the log under the request's id.
func (s *Sentry) Report(f Failure) {
	if s == nil {
		return
	}
	event := sentry.NewEvent()
	event.Level = sentry.LevelError
	method := KnownMethod(f.Method)
	event.Transaction = method + " " + f.Route
	event.Tags = map[string]string{"request_id": f.RequestID, "route": f.Route, "method": method, "status": strconv.Itoa(f.Status)}
	if f.TenantID != "" {
		event.Tags["tenant_id"] = f.TenantID
	}
	if f.TraceID != "" {
		event.Tags["trace_id"] = f.TraceID
	}
	exception := sentry.Exception{Type: string(errs.From(f.Err).Code), Value: describe(f.Err)}
	if p, ok := errors.AsType[*Panic](f.Err); ok {
		exception.Type, exception.Stacktrace = "panic", stacktrace(p)
	} else {
		event.Fingerprint = []string{event.Transaction, exception.Type, exception.Value}
	}
	event.Exception = []sentry.Exception{exception}
	s.client.CaptureEvent(event, nil, nil)
}

// Flush sends the waiting reports. It waits no longer than within.
func (s *Sentry) Flush(within time.Duration) {
	if s != nil {
		s.client.Flush(within)
	}
}

// stacktrace converts a stack for Sentry, which expects the frame that panicked last.
func stacktrace(p *Panic) *sentry.Stacktrace {
	trace := &sentry.Stacktrace{}
	for _, f := range p.frames() {
		trace.Frames = append(trace.Frames, sentry.NewFrame(f))
	}
	slices.Reverse(trace.Frames)
	return trace
}

// wrapping matches the text that a program puts before a wrapped error. It contains no values.
var wrapping = regexp.MustCompile(`^[A-Za-z_ ]{1,60}: $`)

// reportable is an error that can describe itself without quoting values.
type reportable interface{ Report() string }

// describe returns where an error comes from and its type, such as "GetUser: unavailable:
// *pgconn.ConnectError".
func describe(err error) string {
	var words []string
	for err != nil {
		next := errors.Unwrap(err)
		switch e := err.(type) { //nolint:errorlint // each error of the chain in turn
		case *Panic:
			if fault, ok := e.Value.(runtime.Error); ok {
				words = append(words, fault.Error())
			} else {
				words = append(words, fmt.Sprintf("%T", e.Value))
			}
		case *errs.Error:
			words = append(words, string(e.Code))
		case reportable:
			words, next = append(words, e.Report()), nil
		default:
			words = append(words, describeOne(err, next)...)
		}
		err = next
	}
	if len(words) == 0 {
		return http.StatusText(http.StatusInternalServerError)
	}
	return strings.Join(words, ": ")
}

func describeOne(err, next error) []string {
	if next != nil {
		if words := strings.TrimSuffix(err.Error(), next.Error()); wrapping.MatchString(words) {
			return []string{strings.TrimSuffix(words, ": ")}
		}
		return nil
	}
	if e, ok := err.(interface{ SQLState() string }); ok {
		return []string{fmt.Sprintf("%T SQLSTATE %s", err, e.SQLState())}
	}
	return []string{fmt.Sprintf("%T", err)}
}

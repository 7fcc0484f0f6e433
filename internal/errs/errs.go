// Package errs defines the only error type that is shown to clients, and the catalogue of its
// codes.
package errs

import (
	"errors"
	"fmt"
	"time"
)

// Error is what a client may know about a failure. Its cause is only for the log.
type Error struct {
	Code       Code
	Detail     string        // what happened, for a person; never the text of a driver or library
	Fields     []Field       // the places of the request that are wrong, the first 50
	More       int           // how many further places are wrong that Fields doesn't list
	RetryAfter time.Duration // when it makes sense to try again; 0 if unknown
	cause      error
}

// Field is an invalid place of a request: in the body (Pointer, RFC 6901) or a parameter.
type Field struct {
	Pointer   string
	Parameter string
	Detail    string
	Code      string // the broken rule, snake_case
}

// New returns an error with a code of the catalogue and a sentence for people.
func New(code Code, detail string) *Error {
	return &Error{Code: code, Detail: detail}
}

// Newf is New with a formatted detail.
func Newf(code Code, format string, args ...any) *Error {
	return New(code, fmt.Sprintf(format, args...))
}

// Invalid returns a validation_failed error that lists the invalid places.
func Invalid(fields ...Field) *Error {
	var f Faults
	f.Add(fields...)
	return f.invalid()
}

// With returns a copy of e with these invalid places.
func (e *Error) With(fields ...Field) *Error {
	var f Faults
	f.Add(fields...)
	c := *e
	c.Fields, c.More = f.fields, f.more
	return &c
}

// After returns a copy of e that tells the client when to retry.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Because returns a copy of e with a cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Error includes the cause, so its text is for logs, never for clients.
func (e *Error) Error() string {
	if e.cause == nil {
		return fmt.Sprintf("%s: %s", e.Code, e.Detail)
	}
	return fmt.Sprintf("%s: %v", e.Code, e.cause)
}

func (e *Error) Unwrap() error { return e.cause }

// Status returns the HTTP status of the error's code.
func (e *Error) Status() int { return e.Code.Status() }

// From returns the *Error in err's tree. If there is none, it returns an internal error with err as
// its cause.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return New(Internal, "Something went wrong on our side. The operator can find the cause with the request id.").Because(err)
}

// Is reports whether err's tree has an *Error with this code.
func Is(err error, code Code) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}

package errs

import (
	"fmt"
	"strings"
)

const (
	// MaxFields is how many invalid places an error lists.
	MaxFields = 50
	// maxPlace is how many bytes of a pointer or parameter name are sent back to the client.
	maxPlace = 256
)

// Faults collects the invalid places of a request. It keeps the first 50 and counts the others, so
// that its size is bounded. The zero value is empty.
type Faults struct {
	fields []Field
	more   int
}

// Add adds places. Add the most important ones first. Long names of places are cut.
func (f *Faults) Add(fields ...Field) {
	for _, field := range fields {
		if len(f.fields) == MaxFields {
			f.more++
			continue
		}
		field.Pointer, field.Parameter = cut(field.Pointer), cut(field.Parameter)
		f.fields = append(f.fields, field)
	}
}

// Join adds the places of another collection.
func (f *Faults) Join(other Faults) {
	f.Add(other.fields...)
	f.more += other.more
}

// Omit counts n further places that aren't listed.
func (f *Faults) Omit(n int) { f.more += n }

// Err returns a validation_failed error that lists the places, or nil if there are none.
func (f *Faults) Err() error {
	if len(f.fields)+f.more == 0 {
		return nil
	}
	return f.invalid()
}

func (f *Faults) invalid() *Error {
	e := &Error{Code: ValidationFailed, Detail: "One place of the request is not valid.", Fields: f.fields, More: f.more}
	if total := len(f.fields) + f.more; total != 1 {
		e.Detail = fmt.Sprintf("%d places of the request are not valid.", total)
	}
	if f.more > 0 {
		e.Detail = fmt.Sprintf("%d places of the request are not valid; %d of them are listed.", len(f.fields)+f.more, len(f.fields))
	}
	return e
}

// cut shortens a place that is longer than 256 bytes, and appends "...".
func cut(place string) string {
	if len(place) <= maxPlace {
		return place
	}
	return strings.ToValidUTF8(place[:maxPlace], "") + "..."
}

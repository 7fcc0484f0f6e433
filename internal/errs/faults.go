package errs

import (
	"fmt"
	"strings"
)

const (
	// MaxFields is how many wrong places of a request an error lists.
	MaxFields = 50
	// maxPlace is how many bytes of a pointer or of the name of a parameter are repeated to the client who sent it.
	maxPlace = 256
)

// Faults collects the places of a request that are wrong: it keeps the first 50 and counts the others, so that
// its size is bounded. The zero value has none.
type Faults struct {
	fields []Field
	more   int
}

// Add adds places; the most important ones come first. Long names of places are cut.
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

// Join adds the faults of another collection.
func (f *Faults) Join(other Faults) {
	f.Add(other.fields...)
	f.more += other.more
}

// Omit counts n further places, which are not listed.
func (f *Faults) Omit(n int) { f.more += n }

// Err returns a validation_failed error that lists the faults, or nil if there is none.
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

// cut shortens the name of a place to 256 bytes and "...".
func cut(place string) string {
	if len(place) <= maxPlace {
		return place
	}
	return strings.ToValidUTF8(place[:maxPlace], "") + "..."
}

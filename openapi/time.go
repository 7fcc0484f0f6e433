package openapi

import (
	"fmt"
	"time"
)

// timeFormat is RFC 3339 with microseconds, always all six digits.
const timeFormat = "2006-01-02T15:04:05.000000Z07:00"

// Time is a date-time of the document: RFC 3339, in UTC, with microseconds.
type Time struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(timeFormat)+2)
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, timeFormat)
	return append(b, '"'), nil
}

// MarshalText implements encoding.TextMarshaler, for parameters and other texts.
func (t Time) MarshalText() ([]byte, error) { return t.UTC().AppendFormat(nil, timeFormat), nil }

// Bind reads a parameter; it takes every RFC 3339 time.
func (t *Time) Bind(text string) error {
	if err := t.UnmarshalText([]byte(text)); err != nil {
		return fmt.Errorf("read date-time: %w", err)
	}
	t.Time = t.UTC()
	return nil
}

// UnmarshalJSON implements json.Unmarshaler; it takes every RFC 3339 time.
func (t *Time) UnmarshalJSON(data []byte) error {
	if err := t.Time.UnmarshalJSON(data); err != nil {
		return fmt.Errorf("read date-time: %w", err)
	}
	t.Time = t.UTC()
	return nil
}

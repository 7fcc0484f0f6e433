package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// timeFormat is RFC 3339 with microseconds, always all six digits.
const timeFormat = "2006-01-02T15:04:05.000000Z07:00"

// Time is a date-time of the document: RFC 3339, in UTC, with microseconds.
type Time struct{ time.Time }

// OptionalTime returns nil for nil.
func OptionalTime(t *time.Time) *Time {
	if t == nil {
		return nil
	}
	return &Time{*t}
}

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(timeFormat)+2)
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, timeFormat)
	return append(b, '"'), nil
}

// MarshalText implements encoding.TextMarshaler, for parameters and other texts.
func (t Time) MarshalText() ([]byte, error) { return t.UTC().AppendFormat(nil, timeFormat), nil }

// dateTime is the grammar of RFC 3339, section 5.6. It finds date, time, seconds, fraction and
// offset.
var dateTime = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d):(\d\d)(\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$`)

var errNoTime = errors.New("is not a time of RFC 3339")

// ParseTime reads every time of RFC 3339 and nothing else, and returns it in UTC. A leap second
// counts as the second after it, as in POSIX; it is only taken at the end of a month in UTC, where
// one can be.
func ParseTime(text string) (time.Time, error) {
	parts := dateTime.FindStringSubmatch(text)
	if parts == nil {
		return time.Time{}, errNoTime
	}
	date, clock, second, fraction, offset := parts[1], parts[2], parts[3], parts[4], strings.ToUpper(parts[5])
	leaps := second == "60"
	if leaps {
		second = "59"
	}
	t, err := time.Parse(time.RFC3339, date+"T"+clock+":"+second+fraction+offset)
	if err != nil {
		return time.Time{}, errNoTime
	}
	t = t.UTC()
	if !leaps {
		return t, nil
	}
	next := t.Add(time.Second)
	if next.Day() != 1 || next.Truncate(time.Second) != next.Truncate(24*time.Hour) {
		return time.Time{}, errNoTime
	}
	return next, nil
}

// Bind reads a parameter, as ParseTime does.
func (t *Time) Bind(text string) error { return t.UnmarshalText([]byte(text)) }

// UnmarshalText implements encoding.TextUnmarshaler, as ParseTime does.
func (t *Time) UnmarshalText(text []byte) error {
	parsed, err := ParseTime(string(text))
	if err != nil {
		return fmt.Errorf("read date-time: %w", err)
	}
	t.Time = parsed
	return nil
}

// UnmarshalJSON implements json.Unmarshaler, as ParseTime does. It leaves t alone if data is null.
func (t *Time) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("read date-time: %w", err)
	}
	return t.UnmarshalText([]byte(text))
}

package openapi

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// Date is a date of the document: a calendar date without a time zone, from 0001-01-01 to
// 9999-12-31. It is the same type in requests, replies and rows. Dates can be compared with ==. The
// zero value is 0001-01-01.
type Date struct{ day int32 } // days since 0001-01-01

// MaxDate is the last date.
var MaxDate = Date{day: 3652058}

var errNoDate = errors.New("is not a date of RFC 3339 from the years 0001 to 9999")

// ParseDate reads a full-date of RFC 3339, section 5.6. The year 0000 is an error.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, errNoDate
	}
	return dateOf(t)
}

// DateOf returns the date that t shows in its own time zone. It panics if the year isn't from 1 to
// 9999.
func DateOf(t time.Time) Date {
	d, err := dateOf(t)
	if err != nil {
		panic(fmt.Sprintf("openapi: %s %v", t, err))
	}
	return d
}

const secondsOfDay = 24 * 60 * 60

func dateOf(t time.Time) (Date, error) {
	year, month, day := t.Date()
	seconds := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() - time.Time{}.Unix()
	d := Date{day: int32(seconds / secondsOfDay)} //nolint:gosec // other years are refused in the next line
	if year < 1 || year > 9999 {
		return Date{}, errNoDate
	}
	return d, nil
}

// Time returns the beginning of the date in UTC.
func (d Date) Time() time.Time { return time.Date(1, time.January, 1+int(d.day), 0, 0, 0, 0, time.UTC) }

// Compare returns a negative number if d is before other, and a positive one if it is after it.
func (d Date) Compare(other Date) int { return cmp.Compare(d.day, other.day) }

// String returns the date as RFC 3339 has it, like 2026-11-23.
func (d Date) String() string { return d.Time().Format(time.DateOnly) }

// MarshalText implements encoding.TextMarshaler.
func (d Date) MarshalText() ([]byte, error) { return d.Time().AppendFormat(nil, time.DateOnly), nil }

// UnmarshalText implements encoding.TextUnmarshaler, as ParseDate does.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	if err != nil {
		return fmt.Errorf("read date: %w", err)
	}
	*d = parsed
	return nil
}

// Bind reads a parameter, as ParseDate does.
func (d *Date) Bind(text string) error { return d.UnmarshalText([]byte(text)) }

// Value implements driver.Valuer. The text is read as a date by every engine, whatever the time
// zone of the connection.
func (d Date) Value() (driver.Value, error) { return d.String(), nil }

// Scan implements sql.Scanner.
func (d *Date) Scan(value any) error {
	switch value := value.(type) {
	case time.Time:
		scanned, err := dateOf(value)
		if err != nil {
			return fmt.Errorf("read date: %w", err)
		}
		*d = scanned
		return nil
	case string:
		return d.UnmarshalText([]byte(value))
	case []byte:
		return d.UnmarshalText(value)
	default:
		return fmt.Errorf("read date: unexpected %T", value)
	}
}

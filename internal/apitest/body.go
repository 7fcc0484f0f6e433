package apitest

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"
)

// JSON returns v as the body of a request.
func JSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("encode body: %v", err)
	}
	return string(text)
}

// With returns a body with another value of one field. Without a value the field is left out.
func With(body map[string]any, field string, value any) map[string]any {
	changed := maps.Clone(body)
	changed[field] = value
	if value == nil {
		delete(changed, field)
	}
	return changed
}

// Holds reports the fields of want that got has another value of.
func Holds(t testing.TB, got, want map[string]any) {
	t.Helper()
	for field, value := range want {
		if JSON(t, got[field]) != JSON(t, value) {
			t.Errorf("%s is %v, want %v", field, got[field], value)
		}
	}
}

// UniqueNumber returns another number each time.
func UniqueNumber() int { return int(counter.Add(1)) }

// UniqueTime returns another day each time.
func UniqueTime() time.Time {
	return time.Date(2030, time.January, 1+UniqueNumber(), 8, 0, 0, 0, time.UTC)
}

// Unique returns a text that begins with prefix, another one each time.
func Unique(prefix string) string { return fmt.Sprintf("%s-%d", prefix, counter.Add(1)) }

package apitest

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"
)

// JSON returns v encoded for a request body.
func JSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("encode body: %v", err)
	}
	return string(text)
}

// With returns a copy of body in which one field has this value. A nil value removes the field.
func With(body map[string]any, field string, value any) map[string]any {
	changed := maps.Clone(body)
	changed[field] = value
	if value == nil {
		delete(changed, field)
	}
	return changed
}

// Holds fails the test for each field of want that has another value in got.
func Holds(t testing.TB, got, want map[string]any) {
	t.Helper()
	for field, value := range want {
		if JSON(t, got[field]) != JSON(t, value) {
			t.Errorf("%s is %v, want %v", field, got[field], value)
		}
	}
}

// UniqueNumber returns a different number at each call.
func UniqueNumber() int { return int(counter.Add(1)) }

// UniqueTime returns a time on a different day at each call.
func UniqueTime() time.Time {
	return time.Date(2030, time.January, 1+UniqueNumber(), 8, 0, 0, 0, time.UTC)
}

// Unique returns prefix followed by a number that is different at each call.
func Unique(prefix string) string { return fmt.Sprintf("%s-%d", prefix, counter.Add(1)) }

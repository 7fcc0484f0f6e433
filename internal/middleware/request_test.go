package middleware

import (
	"strings"
	"testing"
)

func TestCutMakesHeadersStorable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		given string
		n     int
		want  string
	}{
		{"", 4, ""},
		{"abcd", 4, "abcd"},
		{"abcde", 4, "abcd"},
		{"abcä", 4, "abc"}, // a partial character is removed
		{"\xff", 4, "?"},
		{strings.Repeat("🧭", 3), 7, "🧭"},
	} {
		if got := cut(test.given, test.n); got != test.want {
			t.Errorf("%q cut to %d is %q, want %q", test.given, test.n, got, test.want)
		}
	}
}

package passwords

import (
	"slices"
	"strings"
	"testing"
)

func TestNewPasswordsKeepTheRules(t *testing.T) {
	t.Parallel()
	const email = "maya.lind@example.com"
	for _, test := range []struct{ password, email, want string }{
		{"", email, "too_short"},
		{"elevenbytes", email, "too_short"},
		{"twelve bytes", email, ""},
		{"ééééééx", email, ""}, // 13 bytes
		{strings.Repeat("x", 71) + "y", email, ""},
		{strings.Repeat("x", 72) + "y", email, "too_long"},
		{strings.Repeat("🧭", 18), email, ""},
		{strings.Repeat("🧭", 18) + "!", email, "too_long"},
		{"password1234", email, "common"},
		{"PassWord1234", email, "common"},
		{"seven purple umbrellas", email, ""},
		{email, email, "personal"},
		{"I am MAYA.LIND!", email, "personal"},
		{"I am maya lind!", email, ""},
		{"summer-holidays", "hr@example.com", ""}, // two letters are in too many words
		{"three hr words", "hr@example.com", ""},
		{"now hr@example.com", "hr@example.com", "personal"},
		{"twelve bytes", "", ""},
		{"passwordpassword", "password@example.com", "common personal"},
	} {
		var got []string
		for _, f := range Check("/new_password", test.password, test.email) {
			got = append(got, f.Code)
			if test.password != "" && strings.Contains(f.Detail, test.password) || f.Pointer != "/new_password" {
				t.Errorf("%q: %+v", test.password, f)
			}
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%q of %s: %q, want %q", test.password, test.email, got, test.want)
		}
	}
}

func TestEveryCommonPasswordIsFound(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSuffix(commonPasswords, "\n"), "\n")
	if len(lines) != 43940 || !slices.IsSorted(lines) {
		t.Fatalf("%d lines, sorted: %t", len(lines), slices.IsSorted(lines))
	}
	for _, line := range lines {
		if len(line) < minLen || len(line) > MaxLen || line != strings.ToLower(line) {
			t.Errorf("%q isn't one that the list is for", line)
		}
		if !isCommon(line) || !isCommon(strings.ToUpper(line)) {
			t.Errorf("%q isn't found", line)
		}
		for _, other := range []string{line + "\n", line[1:], line + "~", "~" + line} {
			if _, listed := slices.BinarySearch(lines, other); !listed && isCommon(other) {
				t.Errorf("%q is found", other)
			}
		}
	}
	if isCommon("") || isCommon("\n") {
		t.Error("nothing is found")
	}
}

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
		{"ééééééx", email, "too_short"}, // 13 bytes
		{"éééééééééééé", email, ""},
		{strings.Repeat("e\u0301", 11), email, "too_short"}, // 11 characters of two parts
		{strings.Repeat("e\u0301", 12), email, ""},
		{"🧭🧭🧭", email, "too_short"},
		{"👨‍👩‍👧‍👦👨‍👩‍👧‍👦", email, "too_short"},
		{strings.Repeat(" ", 12), email, "blank"},
		{strings.Repeat("\u3000", 12), email, "blank"},
		{strings.Repeat("\u200b", 12), email, "too_short"},
		{"elevenbytes\u200b", email, "too_short"},
		{"twelve\tand more", email, "not_allowed"},
		{strings.Repeat("e\u0301", 36), email, ""},        // 108 bytes that are 72 in NFC
		{strings.Repeat("\u0958", 13), email, "too_long"}, // 39 bytes that are 78 in NFC
		{strings.Repeat("x", 71) + "y", email, ""},
		{strings.Repeat("x", 72) + "y", email, "too_long"},
		{strings.Repeat("🧭", 18), email, ""},
		{strings.Repeat("🧭", 18) + "!", email, "too_long"},
		{"password1234", email, "common"},
		{"PassWord1234", email, "common"},
		{"password123456", email, "common"}, // on the list if digits are removed
		{"ｐａｓｓｗｏｒｄ１２３４", email, "common"},
		{"p\u200bassword1234", email, "common"},
		{"password1234 umbrellas", email, ""},
		{"123456 umbrella 123456", email, ""},
		{"seven purple umbrellas", email, ""},
		{email, email, "personal"},
		{"I am MAYA.LIND!", email, "personal"},
		{"I am maya lind!", email, ""},
		{"summer-holidays", "hr@example.com", ""}, // two letters occur in too many words
		{"three hr words", "hr@example.com", ""},
		{"now hr@example.com", "hr@example.com", "personal"},
		{"twelve bytes", "", ""},
		{"passwordpassword", "password@example.com", "common personal"},
		{"now hr@bücher.example", "hr@bücher.example", "personal"},
		{"now hr@xn--bcher-kva.example", "hr@bücher.example", "personal"},
		{"\u0041\u0301ngela is me", "ángela@example.com", "personal"},
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
		if len(line) < minCharacters || len(line) > MaxLen || line != strings.ToLower(line) {
			t.Errorf("%q doesn't belong on the list", line)
		}
		if !isCommon(line) || !isCommon(strings.ToUpper(line)) {
			t.Errorf("%q isn't found", line)
		}
		for _, other := range []string{line + "\n", line[1:], line + "~", "~" + line} {
			if _, listed := slices.BinarySearch(lines, other); !listed && isListed(other) {
				t.Errorf("%q is found", other)
			}
		}
	}
	if isCommon("") || isCommon("\n") {
		t.Error("nothing is found")
	}
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"seven purple": "seven purple", "se\u0301same": "s\u00e9same", "a\u00a0b\u3000c": "a b c", " a ": " a ", "\u1112\u1161\u11ab": "\ud55c", "\uff21": "\uff21", "A": "A",
	} {
		if got := Prepare(given); got != want {
			t.Errorf("%+q is %+q, want %+q", given, got, want)
		}
	}
}
